package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.engine.Engines;
import dev.save4j.engine.WeightBinding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What it costs to make updated weights visible to sampling and scoring. */
public final class SyncBenchmark {
    /** Rollouts, and inference with weights bound in each way. */
    public static final List<String> BINDINGS = bindings();

    private SyncBenchmark() {}

    /**
     * @param engines names of inference engines; {@code rollout} needs a rollout engine of that name
     * @param bindings some of {@link #BINDINGS}
     */
    public static SpeedBenchmark of(List<String> engines, List<ModelSize> sizes, List<String> bindings, Plan plan) {
        for (String binding : bindings) {
            if (!BINDINGS.contains(binding)) {
                throw SaveException.user(
                        "there are no '" + binding + "' weights. Available: " + String.join(", ", BINDINGS) + ".");
            }
        }
        engines.forEach(Engines.inference()::named);
        if (bindings.contains(SyncProbe.ROLLOUT)) {
            engines.forEach(Engines.rollout()::named);
        }
        return new SpeedBenchmark(
                new SpeedBenchmark.Kind(
                        "sync",
                        "weights",
                        SyncProbe.class,
                        Optional.empty(),
                        Optional.empty(),
                        List.of(
                                Column.of(
                                        "refreshMilliseconds",
                                        "refresh, ms",
                                        "%.3f",
                                        own -> milliseconds(own, "refresh")),
                                Column.of(
                                        "refreshMillisecondsPerMegabyte",
                                        "ms/MB",
                                        "%.3f",
                                        own -> milliseconds(own, "refresh") / megabytes(own)),
                                Column.of("runMilliseconds", "run, ms", "%.2f", own -> milliseconds(own, "run")),
                                Column.of(
                                        "updateAndRunMilliseconds",
                                        "update and run, ms",
                                        "%.2f",
                                        own -> milliseconds(own, "cycle")),
                                Column.of("megabytes", "weights, MB", "%.1f", SyncBenchmark::megabytes),
                                Column.peakMemory()),
                        "'rollout' packs the weights of a decoder for sampling, 'prepacked' those of a scoring graph; 'live' sessions read the weights where they"
                                + " are updated, 'input' sessions are given them in every run. 'refresh' is the call that makes an update visible, 'run' one token"
                                + " for each of eight answers to a prompt of 32 tokens, or the log-probabilities of 8x32 tokens, and 'update and run' a small update,"
                                + " a refresh and a run, which sees the update. MB are those of the products' weights.",
                        all -> Optional.empty()),
                engines,
                sizes,
                bindings,
                plan);
    }

    private static List<String> bindings() {
        List<String> all = new ArrayList<>(List.of(SyncProbe.ROLLOUT));
        Arrays.stream(WeightBinding.values())
                .map(binding -> binding.name().toLowerCase(Locale.ROOT))
                .forEach(all::add);
        return List.copyOf(all);
    }

    static WeightBinding binding(String name) {
        return WeightBinding.valueOf(name.toUpperCase(Locale.ROOT));
    }

    private static double milliseconds(Measured own, String time) {
        return 1e3 * own.best(time);
    }

    private static double megabytes(Measured own) {
        return Float.BYTES * own.size().productWeights() / 1e6;
    }
}
