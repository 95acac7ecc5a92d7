package dev.save4j.cli;

import dev.save4j.SaveException;
import dev.save4j.bench.reward.Benchmark;
import dev.save4j.bench.reward.Bias;
import dev.save4j.bench.reward.Comparison;
import dev.save4j.bench.reward.ResultsFolder;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares two reward models item by item. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = {
            "Compares two models that 'save4j bench reward' has measured: paired intervals, an exact test, the decisions that differ, and whether a model"
                    + " prefers what is long or formatted.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  save4j compare before after --in runs/bench --out runs/comparison",
            "  save4j compare runs/bench-a runs/bench-b"
        })
final class CompareCommand implements Callable<Integer> {
    private static final Set<String> BASELINES = Set.of("length", "random", "constant");

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FIRST", description = "A folder of results, or a model in that of --in.")
    private String first = "";

    @Parameters(index = "1", paramLabel = "SECOND", description = "The other one.")
    private String second = "";

    @Option(names = "--in", paramLabel = "FOLDER", description = "The folder of results that holds both models.")
    private Optional<Path> in = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "FOLDER",
            description = "Where the benchmarks lie; by default where they lay when they were scored.")
    private Optional<Path> data = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where comparison.json, comparison.md and flips.jsonl go, the latter with all texts.")
    private Optional<Path> out = Optional.empty();

    @Option(
            names = "--flips",
            defaultValue = "2",
            description = "Decisions shown for each benchmark (default ${DEFAULT-VALUE}).")
    private int flips;

    @Option(names = "--seed", defaultValue = "17", description = "Of the intervals (default ${DEFAULT-VALUE}).")
    private long seed;

    @Override
    public Integer call() {
        ResultsFolder before = new ResultsFolder(in.orElse(Path.of(first)), data);
        ResultsFolder after = in.isPresent() ? before : new ResultsFolder(Path.of(second), data);
        String firstName = in.isPresent() ? first : onlyModel(before, first);
        String secondName = in.isPresent() ? second : onlyModel(after, second);
        String firstLabel = firstName.equals(secondName) ? first : firstName;
        String secondLabel = firstName.equals(secondName) ? second : secondName;
        List<Comparison> comparisons = new ArrayList<>();
        List<String> biases = new ArrayList<>();
        Set<String> others =
                Set.copyOf(after.benchmarks().stream().map(Benchmark::name).toList());
        for (Benchmark benchmark : before.benchmarks()) {
            if (others.contains(benchmark.name())) {
                before.pair(benchmark, firstName, after, secondName).ifPresent(pairing -> {
                    comparisons.add(
                            Comparison.of(benchmark, firstLabel, pairing.first(), secondLabel, pairing.second(), seed));
                    biases.add(benchmark.title() + ", " + firstLabel + ": "
                            + Bias.of(pairing.first()).describe() + ".");
                    biases.add(benchmark.title() + ", " + secondLabel + ": "
                            + Bias.of(pairing.second()).describe() + ".");
                });
            }
        }
        if (comparisons.isEmpty()) {
            throw SaveException.user("'" + first + "' and '" + second
                    + "' share no item of any benchmark; measure both on the same benchmarks");
        }
        ComparisonReport report = new ComparisonReport(comparisons, biases, flips);
        PrintWriter console = spec.commandLine().getOut();
        console.println();
        console.print(TextTable.of(report.table()));
        console.println();
        console.println(Comparison.summary(comparisons));
        console.println();
        console.print(TextTable.of(report.parts()));
        console.println();
        console.print(report.text());
        out.ifPresent(folder -> {
            report.write(folder);
            console.println("Written to: " + folder);
        });
        console.flush();
        return 0;
    }

    private static String onlyModel(ResultsFolder folder, String name) {
        List<String> models = folder.scorers().stream()
                .filter(scorer -> !BASELINES.contains(scorer))
                .toList();
        if (models.size() != 1) {
            throw SaveException.user("'" + name + "' has the results of " + String.join(", ", folder.scorers())
                    + "; name two of them with --in " + name + ", or compare folders with one model each");
        }
        return models.get(0);
    }
}
