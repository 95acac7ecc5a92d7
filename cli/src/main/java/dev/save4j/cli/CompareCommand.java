package dev.save4j.cli;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.bench.reward.Benchmark;
import dev.save4j.bench.reward.Bias;
import dev.save4j.bench.reward.Comparison;
import dev.save4j.bench.reward.Item;
import dev.save4j.bench.reward.ResultsFolder;
import dev.save4j.bench.reward.Scored;
import dev.save4j.report.Table;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Compares two reward models item by item. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = {
            "Compares two models that 'save4j bench reward' has measured: paired intervals, McNemar's test, the decisions that differ, and whether a model"
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
    private static final int LONGEST = 240;

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
        String text = text(comparisons, biases);
        PrintWriter console = spec.commandLine().getOut();
        console.println();
        console.print(TextTable.of(table(comparisons)));
        console.println();
        console.print(text);
        out.ifPresent(folder -> {
            write(folder, comparisons, text);
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

    private static Table table(List<Comparison> comparisons) {
        Comparison any = comparisons.get(0);
        return new Table(
                List.of("benchmark", any.first(), any.second(), "difference", "95 % interval", "gained", "lost", "p"),
                comparisons.stream()
                        .map(comparison -> List.of(
                                comparison.benchmark(),
                                percent("%.1f", comparison.firstValue()),
                                percent("%.1f", comparison.secondValue()),
                                percent("%+.1f", comparison.difference()),
                                percent("%+.1f", comparison.low()) + " to " + percent("%+.1f", comparison.high()),
                                String.valueOf(comparison.gained()),
                                String.valueOf(comparison.lost()),
                                String.format(Locale.ROOT, "%.2g", comparison.p())))
                        .toList());
    }

    private static String percent(String format, double share) {
        return String.format(Locale.ROOT, format, 100 * share);
    }

    private String text(List<Comparison> comparisons, List<String> biases) {
        StringBuilder text = new StringBuilder();
        comparisons.forEach(comparison -> text.append(comparison.verdict()).append('\n'));
        text.append(
                "Intervals are for each benchmark by itself; of twenty equal pairs of models one looks different.\n\n");
        biases.forEach(bias -> text.append(bias).append('\n'));
        for (Comparison comparison : comparisons) {
            comparison.flips().stream()
                    .limit(flips)
                    .forEach(flip -> text.append('\n').append(describe(comparison, flip)));
        }
        return text.toString();
    }

    private static String describe(Comparison comparison, Comparison.Flip flip) {
        Item item = flip.first().item();
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s, item %s: %s earns %.2f, %s earns %.2f%n",
                comparison.benchmark(),
                item.id(),
                comparison.first(),
                flip.firstCredit(),
                comparison.second(),
                flip.secondCredit()));
        text.append("  prompt: ").append(shortened(item.prompt().text())).append('\n');
        for (int i = 0; i < item.answers().size(); i++) {
            text.append(String.format(
                    Locale.ROOT,
                    "  %s (%.3f, %.3f): %s%n",
                    item.answers().get(i).right() ? "right" : "wrong",
                    flip.first().scores()[i],
                    flip.second().scores()[i],
                    shortened(item.answers().get(i).text())));
        }
        return text.toString();
    }

    private static String shortened(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.codePointCount(0, line.length()) <= LONGEST
                ? line
                : line.substring(0, line.offsetByCodePoints(0, LONGEST)) + " …";
    }

    private static void write(Path folder, List<Comparison> comparisons, String text) {
        ArrayNode all = JsonMapper.shared().createArrayNode();
        StringBuilder lines = new StringBuilder();
        StringBuilder markdown = new StringBuilder("# Comparison\n\n");
        markdown.append(table(comparisons).markdown())
                .append("\n```\n")
                .append(text)
                .append("```\n");
        for (Comparison comparison : comparisons) {
            ObjectNode json = (ObjectNode) JsonMapper.shared().valueToTree(comparison);
            json.remove("flips");
            json.put("verdict", comparison.verdict());
            all.add(json);
            for (Comparison.Flip flip : comparison.flips()) {
                lines.append(line(comparison, flip)).append('\n');
            }
        }
        AtomicFiles.write(
                folder.resolve("comparison.json"),
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n");
        AtomicFiles.write(folder.resolve("comparison.md"), markdown.toString());
        AtomicFiles.write(folder.resolve("flips.jsonl"), lines.toString());
    }

    private static ObjectNode line(Comparison comparison, Comparison.Flip flip) {
        Item item = flip.first().item();
        ObjectNode line = JsonMapper.shared().createObjectNode();
        line.put("benchmark", comparison.benchmark());
        line.put("item", item.id());
        line.put("subset", item.subset());
        line.put("first_credit", flip.firstCredit());
        line.put("second_credit", flip.secondCredit());
        line.put("prompt", item.prompt().text());
        ArrayNode answers = line.putArray("answers");
        for (int i = 0; i < item.answers().size(); i++) {
            ObjectNode answer = answers.addObject();
            answer.put("text", item.answers().get(i).text());
            answer.put("right", item.answers().get(i).right());
            put(answer, "first_score", flip.first(), i);
            put(answer, "second_score", flip.second(), i);
        }
        return line;
    }

    private static void put(ObjectNode answer, String name, Scored scored, int place) {
        double score = scored.scores()[place];
        if (Double.isNaN(score)) {
            answer.putNull(name);
        } else {
            answer.put(name, score);
        }
    }
}
