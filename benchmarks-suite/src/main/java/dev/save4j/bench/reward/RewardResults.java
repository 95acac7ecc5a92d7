package dev.save4j.bench.reward;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.report.Pictures;
import dev.save4j.report.Table;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What came out of {@link RewardBenchmark#run}.
 *
 * @param data the folder of the benchmarks
 * @param seed of the intervals
 */
public record RewardResults(
        String data, long seed, List<BenchmarkPart> benchmarks, List<ScorerPart> scorers, List<Entry> entries) {
    /** What a reader must know to read a {@link #table}. */
    public static final String READING =
            "Percent, with 95 % bootstrap intervals over prompts; [–] where a part has fewer than "
                    + Bootstrap.FEWEST_PROMPTS + " prompts, which is too few for an interval.";

    public RewardResults {
        benchmarks = List.copyOf(benchmarks);
        scorers = List.copyOf(scorers);
        entries = List.copyOf(entries);
    }

    /**
     * A benchmark as it was read.
     *
     * @param file of a user; empty for a benchmark known by name
     */
    public record BenchmarkPart(String name, String title, String file, String rule, int items, List<String> notes) {}

    /**
     * A scorer.
     *
     * @param isModel whether it is more than a rule such as length
     * @param batchDifference by how much a score changed when it was computed alone instead of in a batch
     */
    public record ScorerPart(
            String name, boolean isModel, Map<String, String> facts, double batchDifference, List<String> notes) {}

    /**
     * A scorer on a benchmark.
     *
     * @param metrics the official one first
     * @param intervals those of the metrics, at 95 %
     * @param ties items in which answers that are compared score the same
     * @param cut items of which the scorer did not read everything
     * @param unscored items in which an answer has no score, which count as wrong
     * @param problems the first reasons for that
     */
    public record Entry(
            String scorer,
            String benchmark,
            List<Metric> metrics,
            List<Interval> intervals,
            int ties,
            int cut,
            int unscored,
            List<String> problems,
            @JsonIgnore List<Scored> items) {
        public Entry {
            metrics = List.copyOf(metrics);
            intervals = List.copyOf(intervals);
            if (metrics.size() != intervals.size()) {
                throw SaveException.internal(metrics.size() + " metrics with " + intervals.size() + " intervals");
            }
        }

        public Metric headline() {
            return metrics.get(0);
        }

        /** Of the official metric. */
        public Interval interval() {
            return intervals.get(0);
        }

        /** A metric in percent with its interval. */
        String cell(int metric) {
            double value = metrics.get(metric).value();
            Interval interval = intervals.get(metric);
            if (Double.isNaN(value)) {
                return "–";
            }
            return interval.exists()
                    ? String.format(
                            Locale.ROOT, "%.1f [%.1f, %.1f]", 100 * value, 100 * interval.low(), 100 * interval.high())
                    : String.format(Locale.ROOT, "%.1f [–]", 100 * value);
        }
    }

    /** The entry of a scorer on a benchmark. */
    public Entry entry(String scorer, String benchmark) {
        return entries.stream()
                .filter(entry ->
                        entry.scorer().equals(scorer) && entry.benchmark().equals(benchmark))
                .findFirst()
                .orElseThrow(() -> SaveException.internal("no entry of " + scorer + " on " + benchmark));
    }

    /** A row for each scorer, the official numbers in percent with their intervals. */
    public Table table() {
        List<String> header = new ArrayList<>(List.of("scorer"));
        benchmarks.forEach(benchmark -> header.add(benchmark.title()));
        return new Table(
                header,
                scorers.stream()
                        .map(scorer -> {
                            List<String> row = new ArrayList<>(List.of(scorer.name()));
                            benchmarks.forEach(benchmark -> row.add(
                                    entry(scorer.name(), benchmark.name()).cell(0)));
                            return row;
                        })
                        .toList());
    }

    /** What a reader of the table must know, one thing a line. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        for (BenchmarkPart benchmark : benchmarks) {
            notes.add(benchmark.title() + ": " + benchmark.items() + " items; " + benchmark.rule() + ".");
            int prompts =
                    entry(scorers.get(0).name(), benchmark.name()).headline().prompts();
            if (prompts < Bootstrap.FEWEST_PROMPTS) {
                notes.add(benchmark.title() + ": the official number has no interval, because its smallest part has "
                        + prompts + " of the " + Bootstrap.FEWEST_PROMPTS + " prompts that one takes.");
            }
            benchmark.notes().forEach(note -> notes.add(benchmark.title() + ": " + note + "."));
        }
        scorers.forEach(scorer -> scorer.notes().forEach(note -> notes.add(scorer.name() + ": " + note + ".")));
        for (Entry entry : entries) {
            String where = entry.scorer() + " on " + entry.benchmark() + ": ";
            if (entry.cut() > 0) {
                notes.add(where + entry.cut() + " items were too long and lost a part.");
            }
            if (entry.unscored() > 0) {
                notes.add(
                        where + entry.unscored() + " items have an answer without a score and count as wrong, such as "
                                + String.join("; ", entry.problems()) + ".");
            }
        }
        return notes;
    }

    /**
     * Writes {@code results.json}, {@code results.csv}, {@code results.md}, {@code report.html} and the scores of every item with a hash of its content, {@code items.jsonl}, into an existing folder, the plots
     * of the report also as files in {@code plots/}.
     */
    public void write(Path folder) {
        AtomicFiles.write(
                folder.resolve("results.json"),
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
        AtomicFiles.write(folder.resolve("results.csv"), csv());
        AtomicFiles.write(folder.resolve("results.md"), markdown());
        Pictures pictures = Pictures.draw(() -> ResultPlots.of(this), folder.resolve("plots"));
        AtomicFiles.write(folder.resolve("report.html"), new ResultsPage(this, pictures).html());
        AtomicFiles.write(folder.resolve("items.jsonl"), items().getBytes(StandardCharsets.UTF_8));
    }

    private String csv() {
        StringBuilder text = new StringBuilder("scorer,benchmark,metric,value,items,low,high,ties,cut,unscored\n");
        for (Entry entry : entries) {
            for (int i = 0; i < entry.metrics().size(); i++) {
                Metric metric = entry.metrics().get(i);
                boolean first = i == 0;
                text.append(String.join(
                                ",",
                                quoted(entry.scorer()),
                                quoted(entry.benchmark()),
                                quoted(metric.name()),
                                String.valueOf(metric.value()),
                                String.valueOf(metric.items()),
                                String.valueOf(entry.intervals().get(i).low()),
                                String.valueOf(entry.intervals().get(i).high()),
                                first ? String.valueOf(entry.ties()) : "",
                                first ? String.valueOf(entry.cut()) : "",
                                first ? String.valueOf(entry.unscored()) : ""))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static String quoted(String cell) {
        return cell.matches("[^\",\r\n]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }

    private String markdown() {
        StringBuilder text = new StringBuilder("# Reward benchmarks\n\n" + READING + "\n\n");
        text.append(table().markdown()).append('\n');
        notes().forEach(note -> text.append("- ").append(note).append('\n'));
        for (BenchmarkPart benchmark : benchmarks) {
            text.append("\n## ").append(benchmark.title()).append("\n\n");
            text.append(details(benchmark).markdown());
        }
        PublishedScores.table(benchmarks)
                .ifPresent(published -> text.append("\n## Published numbers\n\n")
                        .append(PublishedScores.SOURCE)
                        .append(".\n\n")
                        .append(published.markdown()));
        return text.toString();
    }

    /** A row for each metric of a benchmark, a column for each scorer, in percent. */
    public Table details(BenchmarkPart benchmark) {
        List<String> header = new ArrayList<>(List.of("metric", "items"));
        scorers.forEach(scorer -> header.add(scorer.name()));
        List<List<String>> rows = new ArrayList<>();
        List<Metric> metrics = entry(scorers.get(0).name(), benchmark.name()).metrics();
        for (int i = 0; i < metrics.size(); i++) {
            List<String> row = new ArrayList<>(
                    List.of(metrics.get(i).name(), String.valueOf(metrics.get(i).items())));
            for (ScorerPart scorer : scorers) {
                row.add(entry(scorer.name(), benchmark.name()).cell(i));
            }
            rows.add(row);
        }
        return new Table(header, rows);
    }

    private String items() {
        StringBuilder text = new StringBuilder();
        for (Entry entry : entries) {
            for (Scored scored : entry.items()) {
                ObjectNode line = JsonMapper.shared().createObjectNode();
                line.put("benchmark", entry.benchmark());
                line.put("scorer", entry.scorer());
                line.put("item", scored.item().id());
                line.put("content", scored.item().contentKey());
                ArrayNode scores = line.putArray("scores");
                for (double score : scored.scores()) {
                    if (Double.isFinite(score)) {
                        scores.add(score);
                    } else {
                        scores.addNull();
                    }
                }
                text.append(line).append('\n');
            }
        }
        return text.toString();
    }
}
