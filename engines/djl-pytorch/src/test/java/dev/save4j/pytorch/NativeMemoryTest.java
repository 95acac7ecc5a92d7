package dev.save4j.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.ndarray.types.DataType;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What goes wrong when native memory is shared carelessly, and must not. */
class NativeMemoryTest {
    private static final TinyLlama LLAMA = new TinyLlama(17, 8, 2, 2, 1, 12, 16);

    private static PyTorchTrainer open(WeightStore weights, Graph... losses) {
        return new PyTorchTrainer(
                weights, List.of(losses), Optimization.DEFAULT, EngineSettings.singleThreaded(), DataType.FLOAT32);
    }

    /** Autograd keeps pointers to operands; none may lead to memory that the garbage collector frees. */
    @Test
    void gradientsSurviveGarbageCollectionBeforeTheBackwardPass() {
        GraphBuilder g = new GraphBuilder("churn");
        Value ids = g.input("ids", ElementType.INT64, 3);
        Value x = g.input("x", ElementType.FLOAT, 3, 4);
        Value w = g.parameter("w", 3, 4);
        Value y =
                w.gather(ids, 0).mul(x).mul(0.7).div(1.3).add(w.pow(1.7)).max(x).min(g.scalar(3.0));
        Value mask = ids.greaterThan(g.scalar(0L)).unsqueeze(1);
        y = mask.choose(y.mul(w), w).softplus().clip(-4, 5);
        g.output("loss", y.mul(mask.cast(ElementType.FLOAT)).logSoftmax(-1).sum());
        Graph graph = g.build();
        float[] values = {0.3f, 0.7f, 1.1f, 1.5f, 0.2f, 0.6f, 0.9f, 1.3f, 0.4f, 0.8f, 1.2f, 1.6f};
        WeightStore weights = new WeightStore(Map.of("w", Tensor.of(values, 3, 4)));
        float[] expected = null;
        for (int run = 0; run < 4; run++) {
            boolean churn = run > 0;
            List<ByteBuffer> poison = new ArrayList<>();
            try (PyTorchTrainer trainer = open(weights, graph)) {
                trainer.beforeBackward(() -> {
                    if (churn) {
                        poison(poison);
                    }
                });
                // Inputs that nobody holds any more when the backward pass reads what was made of them.
                trainer.accumulate(
                        graph, Map.of("ids", Tensor.vector(1, 0, 2), "x", Tensor.of(values.clone(), 3, 4)), 1);
                float[] gradient = trainer.gradients().get("w").toFloats();
                if (expected == null) {
                    expected = gradient;
                }
                assertThat(gradient).containsExactly(expected);
            }
            assertThat(poison).hasSize(churn ? 40_000 : 0);
        }
    }

    private static void poison(List<ByteBuffer> kept) {
        for (int i = 0; i < 3; i++) {
            System.gc();
            try {
                // The cleaner frees direct buffers on a thread of its own.
                Thread.sleep(30);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        for (int i = 0; i < 40_000; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(8 << (i % 4));
            while (buffer.hasRemaining()) {
                buffer.put((byte) 0x7f);
            }
            kept.add(buffer);
        }
    }

    @Test
    void fiveHundredStepsLeakNothing() throws IOException {
        Graph graph = LLAMA.graph();
        WeightStore weights = LLAMA.weights(ElementType.FLOAT, 1);
        Map<String, Tensor> batch = LLAMA.batch(2, 6, 2);
        try (PyTorchTrainer trainer = open(weights, graph)) {
            long resident = 0;
            int live = 0;
            for (int step = 0; step < 500; step++) {
                trainer.accumulate(graph, batch, 1);
                if (step % 10 == 0) {
                    trainer.evaluate(graph, batch);
                }
                trainer.step(1e-4);
                if (step == 0) {
                    live = trainer.liveArrays();
                }
                if (step == 200) {
                    resident = residentKilobytes();
                }
                assertThat(trainer.liveArrays()).isEqualTo(live);
            }
            assertThat(residentKilobytes() - resident).as("growth in kilobytes").isLessThan(40_000);
        }
    }

    @Test
    void aFailedRunLeavesNothingBehind() {
        Graph graph = LLAMA.graph();
        try (PyTorchTrainer trainer = open(LLAMA.weights(ElementType.FLOAT, 1), graph)) {
            trainer.accumulate(graph, LLAMA.batch(2, 6, 2), 1);
            trainer.step(0);
            int live = trainer.liveArrays();
            Map<String, Tensor> broken = new HashMap<>(LLAMA.batch(2, 6, 2));
            broken.put("advantage", Tensor.of(new float[14], 2, 7));
            for (int i = 0; i < 3; i++) {
                assertThat(catchThrowable(() -> trainer.accumulate(graph, broken, 1)))
                        .hasMessageContaining("djl-pytorch")
                        .hasMessageContaining("(Mul)");
            }
            assertThat(trainer.liveArrays()).isEqualTo(live);
        }
    }

    /** Memory of the process but for the Java heap. */
    private static long residentKilobytes() throws IOException {
        System.gc();
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow()
                - Runtime.getRuntime().totalMemory() / 1024;
    }

    @Test
    void thePyTorchParameterIsTheStoresOwnMemory() {
        GraphBuilder g = new GraphBuilder("alias");
        g.output("loss", g.parameter("w", 2).square().sum());
        Graph graph = g.build();
        WeightStore weights = new WeightStore(Map.of("w", Tensor.of(new float[] {1, 2}, 2)));
        try (Trainer trainer = open(weights, graph)) {
            assertThat(trainer.evaluate(graph, Map.of()).get("loss").item()).isEqualTo(5);
            weights.get("w").floats().put(0, 3);
            assertThat(trainer.evaluate(graph, Map.of()).get("loss").item()).isEqualTo(13);
        }
    }

    @Test
    void twoRunsGiveTheSameBytes() {
        assertThat(train(1)).isEqualTo(train(1));
    }

    @Test
    void twoTrainersTrainInTwoThreads() throws Exception {
        String alone = train(1);
        String other = train(5);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Callable<String>> work = List.of(() -> train(1), () -> train(5));
            List<Future<String>> hashes = threads.invokeAll(work);
            assertThat(hashes.get(0).get()).isEqualTo(alone);
            assertThat(hashes.get(1).get()).isEqualTo(other);
        } finally {
            threads.shutdown();
        }
    }

    private static String train(long seed) {
        Graph graph = LLAMA.graph();
        WeightStore weights = LLAMA.weights(ElementType.FLOAT, seed);
        try (Trainer trainer = open(weights, graph)) {
            for (int step = 0; step < 20; step++) {
                trainer.accumulate(graph, LLAMA.batch(4, 8, seed + step), 1);
                trainer.step(1e-3);
            }
        }
        return weights.contentHash();
    }
}
