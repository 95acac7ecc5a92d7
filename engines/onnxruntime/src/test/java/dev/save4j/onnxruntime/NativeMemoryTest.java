package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import com.sun.management.ThreadMXBean;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is opened is closed, and sampling makes no objects. Sizes are read where the operating system tells them. */
class NativeMemoryTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path HANDLES = Path.of("/proc/self/fd");
    private static final EngineSettings SETTINGS = EngineSettings.singleThreaded();

    /** Memory of the process but for the Java heap, whose size other tests of the same process change. */
    private static long residentKilobytes() throws Exception {
        // Direct buffers are freed by a thread of their own after a collection.
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        return Files.readAllLines(STATUS).stream()
                        .filter(line -> line.startsWith("VmRSS"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow()
                - Runtime.getRuntime().totalMemory() / 1024;
    }

    private static long handles() throws IOException {
        try (Stream<Path> open = Files.list(HANDLES)) {
            return open.count();
        }
    }

    /** Of 0.2 million weights, 0.9 MiB. */
    private static final TinyLlama LLAMA = new TinyLlama(1024, 64, 2, 4, 2, 16, 128, 64);

    @ParameterizedTest
    @EnumSource(WeightBinding.class)
    void runsAndRefreshesKeepNothing(WeightBinding binding) throws Exception {
        assumeTrue(Files.isReadable(STATUS), "this system does not tell the size of a process");
        WeightStore weights = LLAMA.weights(1);
        try (InferenceSession session = new OnnxRuntimeEngine().open(LLAMA.scorer(), weights, binding, SETTINGS)) {
            work(session, 200, 50);
            long kilobytes = residentKilobytes();
            long handles = handles();
            work(session, 2000, 200);
            // Refreshes that leaked their weights would cost 180 MB, runs that leaked their outputs 250 MB.
            assertThat(residentKilobytes() - kilobytes).isLessThan(80_000);
            assertThat(handles() - handles).isLessThan(10);
        }
    }

    private static void work(InferenceSession session, int runs, int refreshes) {
        for (int i = 0; i < runs; i++) {
            session.run(Map.of("input_ids", Tensor.of(new long[2 * (1 + i % 30)], 2, 1 + i % 30)));
        }
        for (int i = 0; i < refreshes; i++) {
            session.refresh();
        }
    }

    @Test
    void openingAndClosingKeepsNothing() throws Exception {
        assumeTrue(Files.isReadable(STATUS), "this system does not tell the size of a process");
        WeightStore weights = LLAMA.weights(1);
        openAll(weights, 10);
        long kilobytes = residentKilobytes();
        long handles = handles();
        openAll(weights, 60);
        // Sessions that leaked their weights would cost 200 MB.
        assertThat(residentKilobytes() - kilobytes).isLessThan(80_000);
        assertThat(handles() - handles).isLessThan(10);
    }

    private static void openAll(WeightStore weights, int times) {
        for (int i = 0; i < times; i++) {
            for (WeightBinding binding : WeightBinding.values()) {
                new OnnxRuntimeEngine()
                        .open(LLAMA.scorer(), weights, binding, SETTINGS)
                        .close();
            }
            try (RolloutSession session = new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, 4, SETTINGS)) {
                session.generate(
                        List.of(new RolloutRequest(new int[] {1, 2, 3}, 4, i)), Sampling.unbiased(2, Set.of()));
            }
        }
    }

    @Test
    void samplingMakesNoObjectsPerTokenBesideThoseOfTheLibrary() throws Exception {
        WeightStore weights = LLAMA.weights(1);
        DecoderGraph decoder = LLAMA.decoder();
        int slots = 16;
        int tokens = 60;
        List<RolloutRequest> requests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            requests.add(new RolloutRequest(new int[] {1, 2, 3}, 4, i));
        }
        try (RolloutSession session = new OnnxRuntimeRollouts().open(decoder, weights, slots, SETTINGS)) {
            long library = libraryBytesPerStep(decoder, weights, slots);
            generate(session, requests, tokens);
            long few = generate(session, requests, 10);
            long many = generate(session, requests, tokens);
            double perStep = (many - few) / (double) (tokens - 10);
            // Beside those of the library: a completion's own tokens and log-probabilities, kept twice, 16 bytes for
            // each row.
            assertThat(perStep - library).isLessThan(slots * 24);
        }
    }

    private static long generate(RolloutSession session, List<RolloutRequest> requests, int tokens) {
        long before = allocated();
        session.generate(requests, Sampling.unbiased(tokens, Set.of()));
        return allocated() - before;
    }

    /** What a bare step costs: names, handles and the result object of the library's Java interface. */
    static long libraryBytesPerStep(DecoderGraph decoder, WeightStore weights, int slots) throws OrtException {
        DecoderMemory memory = new DecoderMemory(decoder, slots);
        try (BoundGraph graph = BoundGraph.open(decoder.graph(), weights, WeightBinding.PREPACKED, SETTINGS)) {
            memory.longest().put(0, 1);
            memory.step(graph, slots);
            long before = allocated();
            for (int i = 0; i < 100; i++) {
                memory.step(graph, slots);
            }
            return (allocated() - before) / 100;
        } finally {
            memory.close();
        }
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
