package dev.save4j.bench.speed;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The machine's roof: products of two single-precision matrices of 2048 × 2048 by ONNX Runtime, whose kernels are the machine's fastest. A program to run
 * by itself.
 */
final class ProductPeak {
    private static final int SIZE = 2048;
    private static final double FLOP = 2.0 * SIZE * SIZE * SIZE;
    private static final double SECONDS = 2;

    private ProductPeak() {}

    /**
     * @param wall the best by the clock on the wall, in GFLOP/s
     * @param processor the best by processor time, in GFLOP/s of all threads together; the same as {@code wall} on an idle machine with one thread
     */
    record Result(double wall, double processor) {}

    public static void main(String[] arguments) {
        int threads = Integer.parseInt(arguments[0]);
        GraphBuilder g = new GraphBuilder("product");
        Value left = g.input("left", ElementType.FLOAT, SIZE, SIZE);
        g.output("product", g.op("MatMul", left, g.parameter("right", SIZE, SIZE)));
        EngineSettings settings = new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir")));
        WeightStore weights = new WeightStore(Map.of("right", random(2)));
        Map<String, Tensor> inputs = Map.of("left", random(1));
        try (InferenceSession session =
                Engines.inference().named("onnxruntime").open(g.build(), weights, WeightBinding.PREPACKED, settings)) {
            Chunks chunks = Chunks.measure(() -> session.run(inputs), SECONDS, 0.25);
            Probe.report(new Result(FLOP / chunks.bestWall() / 1e9, FLOP / chunks.bestProcessor() * threads / 1e9));
        }
    }

    private static Tensor random(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, SIZE, SIZE);
        FloatBuffer values = tensor.floats();
        for (int i = 0; i < SIZE * SIZE; i++) {
            values.put(i, (float) random.nextDouble(-1, 1));
        }
        return tensor;
    }
}
