package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import dev.save4j.SaveException;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A node and the values of its operands. */
final class Arguments implements HostArithmetic.Operands {
    private final Node node;
    private final DeviceMemory memory;
    private final @Nullable TorchValue[] values;
    private final int[] slots;

    /**
     * @param slots where the operands are among the values; -1 for one that is left out
     */
    Arguments(Node node, DeviceMemory memory, @Nullable TorchValue[] values, int[] slots) {
        this.node = node;
        this.memory = memory;
        this.values = values;
        this.slots = slots;
    }

    Node node() {
        return node;
    }

    DeviceMemory memory() {
        return memory;
    }

    int count() {
        return slots.length;
    }

    boolean has(int index) {
        return index < slots.length && slots[index] >= 0;
    }

    TorchValue value(int index) {
        TorchValue value = values[slots[index]];
        if (value == null) {
            throw SaveException.internal(node.describe() + ": operand " + index + " was freed before its last use");
        }
        return value;
    }

    /** The operand on the device. The array belongs to the value: it must not be closed, nor returned as a result. */
    NDArray array(int index) {
        return value(index) instanceof TorchValue.OnHost host
                ? host.array(memory)
                : ((TorchValue.OnDevice) value(index)).array();
    }

    boolean isFloating(int index) {
        return value(index) instanceof TorchValue.OnDevice device
                && device.array().getDataType() == memory.floating();
    }

    /** The operand as floating numbers, integers converted; for operators whose operands may have different types. */
    NDArray floating(int index) {
        return value(index) instanceof TorchValue.OnHost host ? memory.uploadAsFloating(host.tensor()) : array(index);
    }

    /** An integer or boolean operand on the host; booleans are fetched from the device. */
    @Override
    public HostTensor tensor(int index) {
        if (value(index) instanceof TorchValue.OnHost host) {
            return host.tensor();
        }
        if (isFloating(index)) {
            throw SaveException.internal(node.describe() + ": operand " + index + " is floating");
        }
        return HostTensor.of(memory.download(array(index), ElementType.BOOL));
    }

    @Override
    public long[] shape(int index) {
        return value(index).shape();
    }

    int rank(int index) {
        return shape(index).length;
    }

    long[] longs(int index) {
        return tensor(index).values();
    }

    long[] longsOrNone(int index) {
        return has(index) ? longs(index) : new long[0];
    }

    /** The value of an operand that is a constant with one element. */
    OptionalDouble constant(int index) {
        if (value(index) instanceof TorchValue.OnHost host) {
            return host.tensor().size() == 1
                    ? OptionalDouble.of((double) host.tensor().item())
                    : OptionalDouble.empty();
        }
        return ((TorchValue.OnDevice) value(index)).constant();
    }

    /** The floating numbers of a small operand. */
    float[] numbers(int index) {
        return memory.download(array(index), ElementType.FLOAT).toFloats();
    }

    /** The axis named by an attribute, counted from the start. */
    int axis(String attribute, long orElse) {
        return Shapes.axis(node, node.integer(attribute, orElse), rank(0));
    }

    boolean flag(String attribute, boolean orElse) {
        return node.integer(attribute, orElse ? 1 : 0) != 0;
    }

    NDArray scalar(double value) {
        return memory.scalar(value);
    }

    SaveException unsupported(String what) {
        return SaveException.user("engine '" + PyTorchEngine.NAME + "' cannot run " + node.describe() + ": " + what
                + " (operands of shape "
                + IntStream.range(0, count())
                        .mapToObj(i -> has(i) ? Arrays.toString(shape(i)) : "none")
                        .toList()
                + ")");
    }
}
