package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Proves that a graph with LIVE weights sees every change of a weight. All weights are changed at once, each in its own way, in a copy to which two
 * sessions are bound: one LIVE and one that is fed its weights. Both must compute the same, so a weight that rightly has no influence (a key bias
 * before a softmax) is no alarm. The store itself is only read.
 */
final class LiveCheck implements AutoCloseable {
    /** Sizes of the unknown dimensions that are tried with made-up inputs. */
    private static final int[] SIZES = {2, 4, 1, 3, 8};

    /** Both sessions run the same kernels on the same numbers; a stale weight moves outputs by percents. */
    private static final double TOLERANCE = 1e-4;

    private final Graph graph;
    private final WeightStore original;
    private final WeightStore changed;
    private final BoundGraph live;
    private final BoundGraph reference;
    private final Evaluation evaluation;

    /**
     * Takes over both sessions.
     *
     * @param changed a copy of the weights to which both sessions are bound
     */
    LiveCheck(Graph graph, WeightStore original, WeightStore changed, BoundGraph live, BoundGraph reference) {
        this.graph = graph;
        this.original = original;
        this.changed = changed;
        this.live = live;
        this.reference = reference;
        this.evaluation = new Evaluation(graph);
    }

    /** The caller holds the store's read lease. */
    static LiveCheck open(Graph graph, WeightStore weights, EngineSettings settings) {
        WeightStore copy = copy(graph, weights);
        BoundGraph live = BoundGraph.open(graph, copy, WeightBinding.LIVE, settings);
        try {
            return new LiveCheck(
                    graph, weights, copy, live, BoundGraph.open(graph, copy, WeightBinding.INPUT, settings));
        } catch (RuntimeException | Error failure) {
            live.close();
            throw failure;
        }
    }

    static WeightStore copy(Graph graph, WeightStore weights) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        graph.parameters()
                .keySet()
                .forEach(name -> copies.put(name, weights.get(name).copy()));
        return new WeightStore(copies);
    }

    /** Checks with made-up inputs; false when the graph accepts none of them or its outputs do not depend on the weights. */
    boolean passesOnSyntheticInputs() {
        for (int size : SIZES) {
            if (passesOn(SyntheticInputs.of(graph, size))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Checks with these inputs; an ENGINE error names the weights whose changes are not seen.
     *
     * @return whether the inputs could tell: the graph accepts them and its outputs depend on the weights
     */
    boolean passesOn(Map<String, Tensor> inputs) {
        restore();
        Map<String, Tensor> before;
        Map<String, Tensor> expected;
        try {
            before = evaluation.run(reference, inputs);
            changed.names().forEach(name -> change(name, changed.get(name)));
            expected = evaluation.run(reference, inputs);
        } catch (OrtException refused) {
            return false;
        }
        Map<String, Tensor> seen = runLive(inputs);
        if (!agree(expected, seen)) {
            throw stale(inputs);
        }
        return !agree(before, expected);
    }

    private void restore() {
        changed.names()
                .forEach(
                        name -> changed.get(name).bytes().put(original.get(name).bytes()));
    }

    private Map<String, Tensor> runLive(Map<String, Tensor> inputs) {
        try {
            return evaluation.run(live, inputs);
        } catch (OrtException failure) {
            throw Failures.running(graph, inputs, failure);
        }
    }

    /** Changes one weight at a time: LIVE outputs that stay as they are to the bit while the others move betray it. */
    private SaveException stale(Map<String, Tensor> inputs) {
        List<String> names = new ArrayList<>();
        restore();
        try {
            Map<String, Tensor> before = evaluation.run(reference, inputs);
            Map<String, Tensor> liveBefore = evaluation.run(live, inputs);
            for (String name : changed.names()) {
                Tensor weight = changed.get(name);
                change(name, weight);
                if (same(liveBefore, evaluation.run(live, inputs))
                        && !agree(before, evaluation.run(reference, inputs))) {
                    names.add(name);
                }
                weight.bytes().put(original.get(name).bytes());
            }
        } catch (OrtException failure) {
            return Failures.running(graph, inputs, failure);
        }
        return SaveException.engine("graph '" + graph.name() + "' cannot have LIVE weights: ONNX Runtime does not see "
                + (names.isEmpty() ? "some changes of its weights" : "changes of " + names)
                + ". Bind its weights as INPUT, which costs the same per run");
    }

    /** Scales by a factor of its own and shifts up and down, so that zeros, ones and equal values change as well. */
    private static void change(String name, Tensor weight) {
        SplittableRandom random = new SplittableRandom(name.hashCode());
        float factor = (float) (0.7 + 0.2 * random.nextDouble());
        float shift = (float) (0.02 + 0.04 * random.nextDouble());
        ByteBuffer bytes = weight.bytes();
        int size = weight.size();
        switch (weight.type()) {
            case FLOAT -> {
                for (int i = 0; i < size; i++) {
                    float value = bytes.getFloat(i * Float.BYTES);
                    bytes.putFloat(i * Float.BYTES, value * factor + (i % 3 == 0 ? shift : -shift));
                }
            }
            case DOUBLE -> {
                for (int i = 0; i < size; i++) {
                    double value = bytes.getDouble(i * Double.BYTES);
                    bytes.putDouble(i * Double.BYTES, value * factor + (i % 3 == 0 ? shift : -shift));
                }
            }
            case FLOAT16, BFLOAT16 -> {
                // The highest bit of the mantissa moves a value by a fifth to a half; zero becomes 0.1.
                int bit = weight.type() == ElementType.FLOAT16 ? 0x0200 : 0x0040;
                short tenth = (short) (weight.type() == ElementType.FLOAT16 ? 0x2e66 : 0x3dcd);
                for (int i = 0; i < size; i++) {
                    short value = bytes.getShort(i * Short.BYTES);
                    bytes.putShort(i * Short.BYTES, (value & 0x7fff) == 0 ? tenth : (short) (value ^ bit));
                }
            }
            default -> {
                // Integer weights are shapes and indices, which cannot be changed without breaking the graph.
            }
        }
    }

    private static boolean same(Map<String, Tensor> left, Map<String, Tensor> right) {
        return left.keySet().stream().allMatch(output -> of(left, output).contentEquals(of(right, output)));
    }

    private static boolean agree(Map<String, Tensor> left, Map<String, Tensor> right) {
        return left.keySet().stream().allMatch(output -> agree(of(left, output), of(right, output)));
    }

    private static Tensor of(Map<String, Tensor> outputs, String output) {
        return Objects.requireNonNull(outputs.get(output));
    }

    private static boolean agree(Tensor left, Tensor right) {
        if (!left.type().isFloating()
                || left.type() == ElementType.FLOAT16
                || left.type() == ElementType.BFLOAT16
                || left.size() != right.size()) {
            return left.contentEquals(right);
        }
        float[] a = left.toFloats();
        float[] b = right.toFloats();
        double scale = 0;
        for (float value : a) {
            // Anything beyond is a mask and no measure of the others.
            scale = Math.abs(value) < 1e6f ? Math.max(scale, Math.abs(value)) : scale;
        }
        for (int i = 0; i < a.length; i++) {
            boolean close = Float.isFinite(a[i])
                    && Math.abs((double) a[i] - b[i]) <= TOLERANCE * Math.max(scale, Math.abs(a[i]));
            if (!close && Float.compare(a[i], b[i]) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            live.close();
        } finally {
            reference.close();
        }
    }
}
