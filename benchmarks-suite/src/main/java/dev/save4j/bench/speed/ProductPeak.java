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
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What products of two square matrices in single precision reach with ONNX Runtime, at the best of four sizes. A library with kernels of its own may be
 * faster on some processors. In GFLOP/s by either clock. A program to run by itself.
 */
final class ProductPeak {
    private static final int[] SIZES = {512, 768, 1024, 2048};
    /** For each size, at most. */
    private static final double SECONDS = 2;

    private ProductPeak() {}

    public static void main(String[] arguments) {
        int threads = Assignment.threads(arguments);
        EngineSettings settings = Assignment.settings(threads);
        double wall = 0;
        double processor = 0;
        for (int size : SIZES) {
            GraphBuilder g = new GraphBuilder("product");
            Value left = g.input("left", ElementType.FLOAT, size, size);
            g.output("product", g.op("MatMul", left, g.parameter("right", size, size)));
            WeightStore weights = new WeightStore(Map.of("right", random(size, 2)));
            Map<String, Tensor> inputs = Map.of("left", random(size, 1));
            try (InferenceSession session = Engines.inference()
                    .named("onnxruntime")
                    .open(g.build(), weights, WeightBinding.PREPACKED, settings)) {
                Chunks chunks = Chunks.measure(
                        () -> session.run(inputs), Math.min(SECONDS, Assignment.seconds(arguments)), 0.5);
                double gigaflop = 2.0 * size * size * size / 1e9;
                wall = Math.max(wall, gigaflop / chunks.bestWall());
                processor = Math.max(processor, gigaflop / chunks.bestProcessor() * threads);
            }
        }
        // Of all threads together; the same on an idle machine with one thread.
        Probe.report(
                new Reading("products", Map.of(), Map.of(Surroundings.WALL, wall, Surroundings.PROCESSOR, processor)));
    }

    private static Tensor random(int size, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, size, size);
        FloatBuffer values = tensor.floats();
        for (int i = 0; i < size * size; i++) {
            values.put(i, (float) random.nextDouble(-1, 1));
        }
        return tensor;
    }
}
