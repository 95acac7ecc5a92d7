package dev.save4j.cli;

import dev.save4j.AtomicFiles;
import dev.save4j.bench.reward.Comparison;
import dev.save4j.bench.reward.Item;
import dev.save4j.bench.reward.Scored;
import dev.save4j.report.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the comparison of two models says, as text and as files.
 *
 * @param comparisons one for each benchmark, at least one
 * @param biases sentences on what the models prefer
 * @param flips decisions shown for each benchmark
 */
record ComparisonReport(List<Comparison> comparisons, List<String> biases, int flips) {
    private static final int LONGEST = 240;

    ComparisonReport {
        comparisons = List.copyOf(comparisons);
        biases = List.copyOf(biases);
    }

    Table table() {
        Comparison any = comparisons.get(0);
        return new Table(
                List.of("benchmark", any.first(), any.second(), "difference", "95 % interval", "gained", "lost", "p"),
                comparisons.stream()
                        .map(comparison -> List.of(
                                comparison.benchmark(),
                                percent("%.1f", comparison.firstValue()),
                                percent("%.1f", comparison.secondValue()),
                                percent("%+.1f", comparison.difference()),
                                interval(comparison.low(), comparison.high()),
                                String.valueOf(comparison.gained()),
                                String.valueOf(comparison.lost()),
                                String.format(Locale.ROOT, "%.2g", comparison.p())))
                        .toList());
    }

    /** The subsets that the two scorers differ on. */
    Table parts() {
        Comparison any = comparisons.get(0);
        List<List<String>> rows = new ArrayList<>();
        for (Comparison comparison : comparisons) {
            for (Comparison.Part part : comparison.parts()) {
                if (part.gained() + part.lost() > 0 && comparison.parts().size() > 1) {
                    rows.add(List.of(
                            comparison.benchmark() + ", " + part.name(),
                            String.valueOf(part.items()),
                            percent("%.1f", part.firstValue()),
                            percent("%.1f", part.secondValue()),
                            interval(part.low(), part.high()),
                            String.valueOf(part.gained()),
                            String.valueOf(part.lost()),
                            String.format(Locale.ROOT, "%.2g", part.p())));
                }
            }
        }
        return new Table(
                List.of("subset", "items", any.first(), any.second(), "95 % interval", "gained", "lost", "p"), rows);
    }

    private static String percent(String format, double share) {
        return String.format(Locale.ROOT, format, 100 * share);
    }

    /** Of a difference. */
    private static String interval(double low, double high) {
        return Double.isNaN(low) ? "too few" : percent("%+.1f", low) + " to " + percent("%+.1f", high);
    }

    String text() {
        StringBuilder text = new StringBuilder();
        comparisons.forEach(comparison -> text.append(comparison.verdict()).append('\n'));
        text.append('\n');
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

    void write(Path folder) {
        ArrayNode all = JsonMapper.shared().createArrayNode();
        StringBuilder lines = new StringBuilder();
        StringBuilder markdown = new StringBuilder("# Comparison\n\n");
        markdown.append(Comparison.summary(comparisons))
                .append("\n\n")
                .append(table().markdown())
                .append(
                        "\n## By subset\n\nMean credits in percent with the paired interval of their difference; p of the exact test on the prompts gained and lost.\n\n")
                .append(parts().markdown())
                .append("\n```\n")
                .append(text())
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
