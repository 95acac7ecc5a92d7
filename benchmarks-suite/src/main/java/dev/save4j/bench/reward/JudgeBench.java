package dev.save4j.bench.reward;

import dev.save4j.data.Conversation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * JudgeBench: two answers of one model, of which one is objectively right, by source. A single game decides {@code A>B} when A scores strictly higher, else
 * {@code B>A}, so that a tie is right where B is. In two games with the order of the answers exchanged a right decision counts +1, a wrong one −1, and
 * the sum must be above 0, so that a tie is never right. The official number for reward models is that of single games over all items.
 *
 * <p>Source: ScalerLab/JudgeBench, {@code utils/judges.py} and {@code utils/metrics.py}; the mean over the four sources is that of Skywork-Reward-V2.
 */
public final class JudgeBench implements Benchmark {
    private static final List<String> SOURCES =
            List.of("mmlu-pro", "livebench-reasoning", "livebench-math", "livecodebench");

    private final String name;
    private final String title;
    private final String responses;

    private JudgeBench(String name, String title, String responses) {
        this.name = name;
        this.title = title;
        this.responses = responses;
    }

    /** The 350 pairs of answers of GPT-4o, for which scores are published. */
    public static JudgeBench gpt() {
        return new JudgeBench("judgebench", "JudgeBench (GPT-4o)", "gpt");
    }

    /** The 270 pairs of answers of Claude 3.5 Sonnet. */
    public static JudgeBench claude() {
        return new JudgeBench("judgebench-claude", "JudgeBench (Claude)", "claude");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public String rule() {
        return "share of pairs decided right in a single game; a tie decides for B";
    }

    @Override
    public List<String> dataSets() {
        return List.of("ScalerLab/JudgeBench");
    }

    @Override
    public boolean isIn(Path data) {
        return !files(data).isEmpty();
    }

    private List<Path> files(Path data) {
        return BenchmarkFiles.of(data, Set.of("judgebench")).stream()
                .filter(file -> file.getFileName().toString().contains(responses))
                .toList();
    }

    @Override
    public Questions read(Path data) {
        List<Item> items = new ArrayList<>();
        for (Path file : files(data)) {
            for (BenchmarkRow row :
                    BenchmarkRow.of(file, "pair_id", "source", "question", "response_A", "response_B", "label")) {
                String label = row.text("label");
                if (!label.equals("A>B") && !label.equals("B>A")) {
                    throw row.refused("has the label '" + label + "', expected A>B or B>A");
                }
                boolean first = label.equals("A>B");
                Conversation question = Item.asked(row.text("question"));
                items.add(new Item(
                        row.text("pair_id"),
                        Item.promptKey(question),
                        source(row.text("source")),
                        question,
                        List.of(
                                new Item.Candidate(row.text("response_A"), first),
                                new Item.Candidate(row.text("response_B"), !first)),
                        List.of(first ? new Item.Pair(0, 1) : new Item.Pair(1, 0))));
            }
        }
        return new Questions(BenchmarkFiles.distinct(items), List.of());
    }

    private static String source(String source) {
        return SOURCES.stream().filter(source::startsWith).findFirst().orElse(source);
    }

    @Override
    public double credit(Scored item) {
        return item.complete() && right(first(item), item.score(0), item.score(1)) ? 1 : 0;
    }

    private static boolean first(Scored item) {
        return item.item().answers().get(0).right();
    }

    /** Whether a single game is decided right. */
    static boolean right(boolean firstIsBetter, double first, double second) {
        return (first > second) == firstIsBetter;
    }

    /**
     * Whether two games are decided right.
     *
     * @param original scores of A and B
     * @param exchanged scores of B and A, in this order
     */
    static boolean rightInBothOrders(boolean firstIsBetter, double[] original, double[] exchanged) {
        int sum = right(firstIsBetter, original[0], original[1]) ? 1 : -1;
        sum += right(!firstIsBetter, exchanged[0], exchanged[1]) ? 1 : -1;
        return sum > 0;
    }

    private static double bothOrders(Scored item) {
        double[] scores = item.scores();
        return item.complete() && rightInBothOrders(first(item), scores, new double[] {scores[1], scores[0]}) ? 1 : 0;
    }

    @Override
    public List<Metric> metrics(List<Scored> items) {
        List<Metric> sources = new ArrayList<>();
        Map<String, List<Scored>> parts =
                Averages.by(items, scored -> scored.item().subset());
        parts.forEach(
                (source, members) -> sources.add(Metric.of(source, Averages.mean(members, this::credit), members)));
        List<Metric> metrics = new ArrayList<>();
        metrics.add(Metric.of("overall", Averages.mean(items, this::credit), items));
        metrics.addAll(sources);
        metrics.add(Metric.mean("macro", sources));
        metrics.add(Metric.of("both orders", Averages.mean(items, JudgeBench::bothOrders), items));
        return metrics;
    }
}
