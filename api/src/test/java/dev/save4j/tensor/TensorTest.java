package dev.save4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorTest {
    @Test
    void everySizeIsAllocatedWholeAlignedAndZero() {
        // Held, so that the addresses differ and every misalignment of the allocator is met.
        List<Tensor> held = new ArrayList<>();
        for (int size = 0; size < 200; size++) {
            Tensor tensor = Tensor.allocate(ElementType.INT8, size);
            held.add(tensor);
            assertThat(tensor.size()).isEqualTo(size);
            assertThat(tensor.bytes().alignmentOffset(0, Tensor.ALIGNMENT)).isZero();
            assertThat(tensor.toLongs()).isEqualTo(new long[size]);
        }
    }

    @Test
    void scalarsHaveRankZeroAndOneElement() {
        assertThat(Tensor.scalar(2.5f).rank()).isZero();
        assertThat(Tensor.scalar(2.5f).item()).isEqualTo(2.5f);
        assertThat(Tensor.scalar(7L).toLongs()).containsExactly(7);
        assertThat(Tensor.vector(3, 4)).hasToString("INT64[2]");
    }

    @Test
    void valuesMustFillTheShape() {
        assertThatThrownBy(() -> Tensor.of(new float[3], 2, 2))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.INTERNAL))
                .hasMessage("FLOAT[2, 2] holds 4 elements, not 3");
    }

    @Test
    void aWrappedBufferIsSharedAndNotCopied() {
        ByteBuffer memory = ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder());
        memory.position(8);
        Tensor tensor = Tensor.wrap(ElementType.FLOAT, memory, 2, 2);
        memory.putFloat(12, 5);
        assertThat(tensor.toFloats()).containsExactly(0, 5, 0, 0);
        tensor.floats().put(0, 3);
        assertThat(memory.getFloat(8)).isEqualTo(3);
    }

    @Test
    void onlyDirectBuffersOfTheRightSizeAreWrapped() {
        assertThatThrownBy(() -> Tensor.wrap(ElementType.FLOAT, ByteBuffer.allocate(4), 1))
                .hasMessage("a tensor needs a direct buffer");
        assertThatThrownBy(() -> Tensor.wrap(ElementType.FLOAT, ByteBuffer.allocateDirect(4), 2))
                .hasMessage("a buffer of 4 bytes does not hold FLOAT[2]");
    }

    @Test
    void theShapeIsACopy() {
        long[] shape = {2, 1};
        Tensor tensor = Tensor.of(new float[] {1, 2}, shape);
        shape[0] = 9;
        tensor.shape()[1] = 9;
        assertThat(tensor.shape()).containsExactly(2, 1);
    }

    @Test
    void viewsOfAnotherTypeAreRefused() {
        assertThatThrownBy(() -> Tensor.vector(1).floats()).hasMessage("expected a tensor of FLOAT but got INT64[1]");
        assertThatThrownBy(() -> Tensor.scalar(1f).longs()).hasMessage("expected a tensor of INT64 but got FLOAT[]");
        assertThatThrownBy(() -> Tensor.scalar(1f).ints()).hasMessage("expected a tensor of INT32 but got FLOAT[]");
        assertThatThrownBy(() -> Tensor.scalar(1f).toLongs()).hasMessageContaining("FLOAT has no integer values");
        assertThatThrownBy(() -> Tensor.vector(1).toFloats()).hasMessageContaining("INT64 has no floating values");
    }

    @Test
    void everyIntegerTypeWidensWithItsSign() {
        assertThat(widened(ElementType.INT8)).isEqualTo(-1);
        assertThat(widened(ElementType.UINT8)).isEqualTo(255);
        assertThat(widened(ElementType.INT16)).isEqualTo(-1);
        assertThat(widened(ElementType.UINT16)).isEqualTo(65535);
        assertThat(widened(ElementType.INT32)).isEqualTo(-1);
        assertThat(widened(ElementType.UINT32)).isEqualTo(4294967295L);
        assertThat(widened(ElementType.INT64)).isEqualTo(-1);
        assertThat(Tensor.of(new boolean[] {true, false}, 2).toLongs()).containsExactly(1, 0);
    }

    private static long widened(ElementType type) {
        Tensor tensor = Tensor.allocate(type, 1);
        ByteBuffer bytes = tensor.bytes();
        while (bytes.hasRemaining()) {
            bytes.put((byte) -1);
        }
        return tensor.toLongs()[0];
    }

    @Test
    void everyFloatingTypeWidensExactly() {
        Tensor doubles = Tensor.allocate(ElementType.DOUBLE, 1);
        doubles.bytes().putDouble(0.1);
        assertThat(doubles.toFloats()).containsExactly(0.1f);
        Tensor brain = Tensor.allocate(ElementType.BFLOAT16, 1);
        brain.bytes().putShort((short) 0xbfc0);
        assertThat(brain.toFloats()).containsExactly(-1.5f);
        int[] bits = {0x3c00, 0xc000, 0x0001, 0x8400, 0x7bff, 0x7c00, 0xfc00, 0x0000, 0x7e00};
        float[] values = {
            1, -2, 0x1p-24f, -0x1p-14f, 65504, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0, Float.NaN
        };
        Tensor half = Tensor.allocate(ElementType.FLOAT16, bits.length);
        ByteBuffer bytes = half.bytes();
        for (int bit : bits) {
            bytes.putShort((short) bit);
        }
        assertThat(half.toFloats()).containsExactly(values);
    }

    @Test
    void reshapingSharesTheMemory() {
        Tensor tensor = Tensor.of(new long[] {1, 2, 3, 4}, 4);
        Tensor square = tensor.reshaped(2, 2);
        tensor.longs().put(3, 9);
        assertThat(square.toLongs()).containsExactly(1, 2, 3, 9);
        assertThatThrownBy(() -> tensor.reshaped(3)).hasMessage("INT64[4] cannot take the shape [3]");
    }

    @Test
    void copiesAreIndependentAndComparedByContent() {
        Tensor tensor = Tensor.of(new int[] {1, 2}, 2);
        Tensor copy = tensor.copy();
        assertThat(copy.contentEquals(tensor)).isTrue();
        copy.ints().put(0, 5);
        assertThat(tensor.toLongs()).containsExactly(1, 2);
        assertThat(copy.contentEquals(tensor)).isFalse();
        assertThat(tensor.contentEquals(tensor.reshaped(2, 1))).isFalse();
    }

    @Test
    void aTensorBeyondOneBufferIsAShortageOfResources() {
        assertThatThrownBy(() -> Tensor.byteSize(ElementType.FLOAT, 152_000, 4096))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessageContaining("one tensor can hold less than 2 GiB");
        assertThatThrownBy(() -> Tensor.byteSize(ElementType.FLOAT, Long.MAX_VALUE, 2))
                .hasMessageContaining("too large");
        assertThatThrownBy(() -> Tensor.byteSize(ElementType.FLOAT, -1)).hasMessage("negative dimension in [-1]");
    }
}
