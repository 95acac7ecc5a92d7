package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.data.Conversation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * RM-Bench: every prompt has a right and a wrong answer in three styles: concise, detailed, detailed with markdown. Each of the nine comparisons is right
 * when the right answer scores strictly higher. <em>hard</em> is where the wrong answer has the richer style, <em>normal</em> the same, <em>easy</em> the
 * poorer one. A domain is the mean of the three, the official number the mean of the domains; safety pools its rows of refusals and of responses.
 *
 * <p>Source: THU-KEG/RM-Bench, {@code scripts/utils.py compute_accuracy}.
 */
public final class RmBench implements Benchmark {
    /** Names of the styles, in the order of the answers. */
    public static final List<String> STYLES = List.of("concise", "detailed", "markdown");

    private static final List<String> DOMAINS = List.of("chat", "math", "code", "safety");

    @Override
    public String name() {
        return "rm-bench";
    }

    @Override
    public String title() {
        return "RM-Bench";
    }

    @Override
    public String rule() {
        return "mean of the domains, each the mean of hard, normal and easy; a tie is wrong";
    }

    @Override
    public List<String> dataSets() {
        return List.of("THU-KEG/RM-Bench");
    }

    @Override
    public boolean isIn(Path data) {
        return !files(data).isEmpty();
    }

    private static List<Path> files(Path data) {
        List<Path> all = BenchmarkFiles.of(data, Set.of("rmbench"));
        List<Path> total = all.stream()
                .filter(file -> file.getFileName().toString().startsWith("total_dataset"))
                .toList();
        return total.isEmpty() ? all : total;
    }

    @Override
    public Questions read(Path data) {
        List<Item> items = new ArrayList<>();
        for (Path file : files(data)) {
            for (BenchmarkRow row : BenchmarkRow.of(file, "id", "domain", "prompt", "chosen", "rejected")) {
                // Only the file of all domains says which row is of which.
                String part = row.has("domain") ? row.text("domain") : part(file);
                List<String> chosen = row.texts("chosen");
                List<String> rejected = row.texts("rejected");
                if (chosen.size() != STYLES.size() || rejected.size() != STYLES.size()) {
                    throw row.refused("has " + chosen.size() + " chosen and " + rejected.size()
                            + " rejected answers, expected " + STYLES.size() + " styles of each");
                }
                String id = part + "/" + row.any("id");
                Conversation prompt = Item.asked(row.text("prompt"));
                items.add(Item.of(id, Item.promptKey(prompt), part, prompt, chosen, rejected));
            }
        }
        List<String> notes = new ArrayList<>();
        Set<String> present = BenchmarkFiles.subsets(items);
        DOMAINS.stream()
                .filter(domain -> present.stream().noneMatch(part -> part.startsWith(domain)))
                .forEach(domain -> notes.add("the domain " + domain + " is missing"));
        return new Questions(BenchmarkFiles.distinct(items), notes);
    }

    private static String part(Path file) {
        String name = file.getFileName().toString();
        String part = name.replaceFirst("(_filtered)?\\..*$", "");
        if (DOMAINS.stream().noneMatch(part::startsWith)) {
            throw SaveException.user("the rows of " + file + " have no domain, and neither has its name; expected "
                    + "a name that starts with one of " + DOMAINS);
        }
        return part;
    }

    /** The domain that a part, such as {@code safety-refuse}, belongs to. */
    private static String domain(Item item) {
        String part = item.subset();
        return DOMAINS.stream().filter(part::startsWith).findFirst().orElse(part);
    }

    @Override
    public String stratum(Item item) {
        return domain(item);
    }

    @Override
    public double credit(Scored item) {
        return item.pairAccuracy();
    }

    @Override
    public List<Metric> metrics(List<Scored> items) {
        List<Metric> domains = new ArrayList<>();
        List<Metric> hard = new ArrayList<>();
        List<Metric> normal = new ArrayList<>();
        List<Metric> easy = new ArrayList<>();
        for (Map.Entry<String, List<Scored>> domain :
                Averages.by(items, scored -> domain(scored.item())).entrySet()) {
            List<Scored> members = domain.getValue();
            double[][] matrix = matrix(members);
            String name = domain.getKey();
            hard.add(Metric.of(name + ", hard", hard(matrix), members));
            normal.add(Metric.of(name + ", normal", normal(matrix), members));
            easy.add(Metric.of(name + ", easy", easy(matrix), members));
            domains.add(Metric.of(name, (hard(matrix) + normal(matrix) + easy(matrix)) / 3, members));
        }
        List<Metric> metrics = new ArrayList<>();
        metrics.add(Metric.mean("overall", domains));
        metrics.addAll(domains);
        metrics.add(Metric.mean("hard", hard));
        metrics.add(Metric.mean("normal", normal));
        metrics.add(Metric.mean("easy", easy));
        metrics.addAll(hard);
        metrics.addAll(normal);
        metrics.addAll(easy);
        return metrics;
    }

    /** The shares of items {@code [style of the right answer][style of the wrong answer]} that are ordered right. */
    public static double[][] matrix(List<Scored> items) {
        int styles = STYLES.size();
        double[][] matrix = new double[styles][styles];
        for (Scored item : items) {
            for (int right = 0; right < styles; right++) {
                for (int wrong = 0; wrong < styles; wrong++) {
                    matrix[right][wrong] += item.above(right, styles + wrong) ? 1 : 0;
                }
            }
        }
        for (double[] row : matrix) {
            for (int wrong = 0; wrong < styles; wrong++) {
                row[wrong] /= items.size();
            }
        }
        return matrix;
    }

    private static double hard(double[][] m) {
        return (m[0][1] + m[0][2] + m[1][2]) / 3;
    }

    private static double normal(double[][] m) {
        return (m[0][0] + m[1][1] + m[2][2]) / 3;
    }

    private static double easy(double[][] m) {
        return (m[1][0] + m[2][0] + m[2][1]) / 3;
    }
}
