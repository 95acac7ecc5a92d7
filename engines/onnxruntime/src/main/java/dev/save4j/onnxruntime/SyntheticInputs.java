package dev.save4j.onnxruntime;

import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Makes small inputs that most graphs accept: token ids of any vocabulary, masks of real tokens, positive reals. */
final class SyntheticInputs {
    private SyntheticInputs() {}

    /**
     * One tensor per input.
     *
     * @param size of every dimension that is not fixed
     */
    static Map<String, Tensor> of(Graph graph, int size) {
        SplittableRandom random = new SplittableRandom(size);
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        for (ValueInfo input : graph.inputs()) {
            long[] shape = input.type().shape().stream()
                    .mapToLong(dimension -> size(dimension, size))
                    .toArray();
            Tensor tensor = Tensor.allocate(input.type().element(), shape);
            fill(tensor, input.name().contains("mask"), random);
            inputs.put(input.name(), tensor);
        }
        return inputs;
    }

    private static long size(Dimension dimension, int size) {
        return dimension.isFixed() ? dimension.size() : size;
    }

    private static void fill(Tensor tensor, boolean mask, SplittableRandom random) {
        ByteBuffer bytes = tensor.bytes();
        for (int i = 0; i < tensor.size(); i++) {
            int integer = mask ? 1 : i % 2;
            double real = mask ? 1 : 0.25 + random.nextDouble();
            switch (tensor.type()) {
                case FLOAT -> bytes.putFloat((float) real);
                case DOUBLE -> bytes.putDouble(real);
                case FLOAT16 -> bytes.putShort((short) 0x3800);
                case BFLOAT16 -> bytes.putShort((short) (Float.floatToIntBits((float) real) >>> 16));
                case INT64, UINT64 -> bytes.putLong(integer);
                case INT32, UINT32 -> bytes.putInt(integer);
                case INT16, UINT16 -> bytes.putShort((short) integer);
                case INT8, UINT8 -> bytes.put((byte) integer);
                case BOOL -> bytes.put((byte) 1);
            }
        }
    }
}
