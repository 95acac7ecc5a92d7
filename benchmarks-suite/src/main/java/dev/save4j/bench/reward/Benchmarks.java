package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The benchmarks that are known by name. */
public final class Benchmarks {
    /** Stands for all that are there. */
    public static final String ALL = "all";

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
     * Those of these names, each once; {@link #ALL} stands for every benchmark whose files are in the folder. A USER error for an unknown name, and for a
     * benchmark without files.
     */
    public static List<Benchmark> named(List<String> names, Path data) {
        Map<String, Benchmark> chosen = new LinkedHashMap<>();
        for (String name : names) {
            List<Benchmark> meant = name.equals(ALL)
                    ? all().stream().filter(benchmark -> benchmark.isIn(data)).toList()
                    : List.of(named(name, data));
            meant.forEach(benchmark -> chosen.putIfAbsent(benchmark.name(), benchmark));
        }
        return List.copyOf(chosen.values());
    }

    private static Benchmark named(String name, Path data) {
        Benchmark benchmark = all().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> SaveException.user("there is no benchmark '" + name + "'; known: " + ALL + ", "
                        + String.join(", ", all().stream().map(Benchmark::name).toList())));
        if (!benchmark.isIn(data)) {
            throw SaveException.user("'" + data + "' has no files of " + benchmark.title()
                    + "; put them as published into its folder '" + benchmark.name() + "'");
        }
        return benchmark;
    }
}
