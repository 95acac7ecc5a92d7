package dev.save4j.bench.speed;

import com.sun.management.ThreadMXBean;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.models.Backbones;
import dev.save4j.models.Llama;
import dev.save4j.models.PolicyModel;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Measures one rollout engine at one size and number of sequences. A program to run by itself. */
final class RolloutProbe {
    static final int PROMPT = 32;
    static final int NEW = 96;
    static final int GROUP = 8;

    private RolloutProbe() {}

    /**
     * @param engine name and version
     * @param batches all sequences from prompt to last token
     * @param first seconds until every sequence has its first token
     * @param refresh seconds to make an update of the weights visible
     * @param allocated bytes on the Java heap for each new token
     * @param peakMemory in bytes
     */
    record Result(String engine, Chunks batches, double first, double refresh, double allocated, long peakMemory) {}

    /** Arguments: engine, size, sequences, threads, seconds. */
    public static void main(String[] arguments) {
        RolloutEngine engine = Engines.rollout().named(arguments[0]);
        ModelSize size = ModelSize.named(arguments[1]);
        int sequences = Integer.parseInt(arguments[2]);
        int threads = Integer.parseInt(arguments[3]);
        double seconds = Double.parseDouble(arguments[4]);
        Llama llama = new Llama(size.config());
        PolicyModel policy = new PolicyModel(llama, Backbones.initialize(llama, 1));
        EngineSettings settings = new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir")));
        List<RolloutRequest> requests = requests(size, sequences);
        try (RolloutSession session =
                engine.open(policy.decoder(PROMPT + NEW), policy.weights(), sequences, settings)) {
            Chunks batches = Chunks.measure(() -> session.generate(requests, sampling(NEW)), seconds, 0.5);
            Chunks first = Chunks.measure(() -> session.generate(requests, sampling(1)), seconds / 4, 0.1);
            Chunks refresh = Chunks.measure(session::refresh, seconds / 4, 0.1);
            Probe.report(new Result(
                    engine.name() + " " + engine.capabilities().version(),
                    batches,
                    first.bestWall(),
                    refresh.bestWall(),
                    allocated(() -> session.generate(requests, sampling(NEW))) / (sequences * NEW),
                    Clocks.peakMemory()));
        }
    }

    private static Sampling sampling(int tokens) {
        return Sampling.unbiased(tokens, Set.of());
    }

    /** Groups of eight, or one smaller one. */
    private static List<RolloutRequest> requests(ModelSize size, int sequences) {
        SplittableRandom random = new SplittableRandom(3);
        int group = Math.min(GROUP, sequences);
        return IntStream.range(0, sequences / group)
                .mapToObj(request -> new RolloutRequest(
                        random.ints(PROMPT, 0, size.config().vocabularySize()).toArray(), group, request))
                .toList();
    }

    private static double allocated(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
