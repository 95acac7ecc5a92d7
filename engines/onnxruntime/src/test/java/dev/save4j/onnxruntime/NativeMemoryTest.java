package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.save4j.engine.Completion;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    /** Something to do again and again. */
    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    /**
     * The least growth in kilobytes in one of four rounds: what leaks grows in every round, while compiled code and parts of the heap that are used for the
     * first time show in some.
     */
    private static long growth(Work round) throws Exception {
        long least = Long.MAX_VALUE;
        long before = residentKilobytes();
        for (int i = 0; i < 4; i++) {
            round.run();
            long after = residentKilobytes();
            least = Math.min(least, after - before);
            before = after;
        }
        return least;
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
            long handles = handles();
            // Refreshes that leaked their weights would cost 45 MB, runs that leaked their outputs 60 MB.
            assertThat(growth(() -> work(session, 500, 50))).isLessThan(20_000);
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
        long handles = handles();
        // Sessions that leaked their weights would cost 50 MB.
        assertThat(growth(() -> openAll(weights, 15))).isLessThan(20_000);
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

    /** Prompts, completions and whatever else there is, for each token. */
    @ParameterizedTest
    @CsvSource({"1, 1", "8, 1", "16, 2"})
    void samplingMakesHardlyAnyObjects(int slots, int threads) {
        TinyLlama llama = new TinyLlama(1024, 64, 2, 4, 2, 16, 128, 100);
        WeightStore weights = llama.weights(1);
        DecoderGraph decoder = llama.decoder();
        List<RolloutRequest> requests = List.of(new RolloutRequest(new int[] {1, 2, 3}, slots, 1));
        EngineSettings settings = new EngineSettings(threads, SETTINGS.scratch());
        try (RolloutSession session = new OnnxRuntimeRollouts().open(decoder, weights, slots, settings)) {
            long[] members = members();
            assertThat(members).hasSize(threads);
            // Method handles make objects until they are compiled.
            for (int i = 0; i < 50; i++) {
                generate(session, requests, 96, members);
            }
            assertThat(generate(session, requests, 96, members) / (slots * 96.0))
                    .isLessThan(100);
            // Steps alone: the tokens and log-probabilities that are handed out, 8 bytes for each row, and a small
            // array of the library's, 16 bytes and one for each output.
            long more = generate(session, requests, 96, members) - generate(session, requests, 16, members);
            assertThat(more / 80.0).isLessThan(slots * 8 + threads * 64);
        }
    }

    private static long generate(RolloutSession session, List<RolloutRequest> requests, int tokens, long[] members) {
        long before = allocated(members);
        session.generate(requests, Sampling.unbiased(tokens, Set.of()));
        return allocated(members) - before;
    }

    /** The threads that decode, this one among them. */
    private static long[] members() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread == Thread.currentThread() || thread.getName().startsWith("save4j-rollout"))
                .mapToLong(Thread::getId)
                .toArray();
    }

    private static long allocated(long[] members) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return LongStream.of(threads.getThreadAllocatedBytes(members)).sum();
    }

    /** Groups of four to prompts of 1 to 30 tokens, new weights after each four hundred. */
    @Test
    void tenThousandRolloutsKeepNothing() throws Exception {
        assumeTrue(Files.isReadable(STATUS), "this system does not tell the size of a process");
        WeightStore weights = LLAMA.weights(1);
        EngineSettings two = new EngineSettings(2, SETTINGS.scratch());
        try (RolloutSession session = new OnnxRuntimeRollouts().open(LLAMA.decoder(), weights, 16, two)) {
            sample(session, 3);
            long handles = handles();
            int threads = Thread.activeCount();
            // Weights that stayed would cost 6 MB.
            assertThat(growth(() -> assertThat(sample(session, 7)).isEqualTo(2_800)))
                    .isLessThan(3_000);
            assertThat(handles() - handles).isLessThan(10);
            assertThat(Thread.activeCount()).isEqualTo(threads);
        }
    }

    private static int sample(RolloutSession session, int rounds) {
        int completions = 0;
        for (int round = 0; round < rounds; round++) {
            List<RolloutRequest> requests = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int[] prompt = new int[1 + (round + i) % 30];
                Arrays.fill(prompt, i);
                requests.add(new RolloutRequest(prompt, 4, i));
            }
            for (List<Completion> group : session.generate(requests, Sampling.unbiased(12, Set.of(5)))) {
                completions += group.size();
            }
            session.refresh();
        }
        return completions;
    }
}
