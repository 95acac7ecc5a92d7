package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The benchmarks that are known by name. */
public final class Benchmarks {
    private Benchmarks() {}

    public static List<Benchmark> all() {
        return List.of(
                new RewardBench(),
                new RewardBench2(),
                new RmBench(),
                JudgeBench.gpt(),
                JudgeBench.claude(),
                new PpePreference(),
                new PpeCorrectness(),
                new Rmb(),
                new LlmBar());
    }

    /**
     * Those of these names; {@code all} stands for every benchmark whose files are in the folder. A USER error for an unknown name, and for a benchmark
     * without files.
     */
    public static List<Benchmark> named(List<String> names, Path data) {
        if (names.equals(List.of("all"))) {
            return all().stream().filter(benchmark -> benchmark.isIn(data)).toList();
        }
        List<Benchmark> chosen = new ArrayList<>();
        for (String name : names) {
            Benchmark benchmark = all().stream()
                    .filter(one -> one.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> SaveException.user("there is no benchmark '" + name + "'; known: all, "
                            + String.join(
                                    ", ", all().stream().map(Benchmark::name).toList())));
            if (!benchmark.isIn(data)) {
                throw SaveException.user("'" + data + "' has no files of " + benchmark.title()
                        + "; put them as published into its folder '" + benchmark.name() + "'");
            }
            chosen.add(benchmark);
        }
        return chosen;
    }
}
