package dev.save4j.bench.reward;

import dev.save4j.data.Conversation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * RewardBench 2: best of four in five subsets, and Ties, where several answers are equally right. Best of four earns 0 unless the right answer has the
 * highest score, else one over the number of answers that have it. Ties asks that all right answers beat all wrong ones, by more than they differ among
 * themselves. The official number is the unweighted mean of the six subsets.
 *
 * <p>Source: allenai/reward-bench, {@code rewardbench/utils.py reroll_and_score_dataset} and {@code process_single_model}.
 */
public final class RewardBench2 implements Benchmark {
    private static final String TIES = "Ties";
    private static final Set<String> SUBSETS = Set.of("Factuality", "Precise IF", "Math", "Safety", "Focus", TIES);

    /** The parts of the Ties score, and the score: their weighted sum. */
    record TiesScore(
            double tiedAccuracy,
            double referenceAccuracy,
            double preferred,
            double preferredHard,
            double margin,
            double total) {}

    @Override
    public String name() {
        return "rewardbench2";
    }

    @Override
    public String title() {
        return "RewardBench 2";
    }

    @Override
    public String rule() {
        return "mean of the subsets; k answers that share the highest score earn 1/k where one of them is right, Ties by its own formula";
    }

    @Override
    public List<String> dataSets() {
        return List.of("allenai/reward-bench-2");
    }

    @Override
    public boolean isIn(Path data) {
        return !files(data).isEmpty();
    }

    private static List<Path> files(Path data) {
        return BenchmarkFiles.of(data, Set.of("rewardbench2"));
    }

    @Override
    public Questions read(Path data) {
        List<Item> items = new ArrayList<>();
        for (Path file : files(data)) {
            for (BenchmarkRow row : BenchmarkRow.of(file, "id", "prompt", "chosen", "rejected", "subset")) {
                String id = row.any("id");
                String subset = row.text("subset");
                Conversation prompt = Item.asked(row.text("prompt"));
                items.add(Item.of(
                        subset + "/" + id,
                        subset.equals(TIES) ? subset + "/" + promptNumber(id) : Item.promptKey(prompt),
                        subset,
                        prompt,
                        row.someTexts("chosen"),
                        row.someTexts("rejected")));
            }
        }
        List<String> notes = new ArrayList<>();
        Set<String> present = BenchmarkFiles.subsets(items);
        SUBSETS.stream()
                .sorted()
                .filter(subset -> !present.contains(subset))
                .forEach(subset -> notes.add("the subset " + subset + " is missing"));
        return new Questions(BenchmarkFiles.distinct(items), notes);
    }

    private static String promptNumber(String id) {
        return id.substring(id.indexOf(':') + 1);
    }

    @Override
    public String stratum(Item item) {
        return item.subset();
    }

    @Override
    public double credit(Scored item) {
        if (!item.complete()) {
            return 0;
        }
        return item.item().subset().equals(TIES) ? (item.allAbove() ? 1 : 0) : share(item);
    }

    private static double share(Scored item) {
        double highest = Double.NEGATIVE_INFINITY;
        for (double score : item.scores()) {
            highest = Math.max(highest, score);
        }
        int maxima = 0;
        boolean right = false;
        for (int i = 0; i < item.item().answers().size(); i++) {
            boolean maximal = item.score(i) == highest;
            maxima += maximal ? 1 : 0;
            right |= maximal && item.item().answers().get(i).right();
        }
        return right ? 1.0 / maxima : 0;
    }

    @Override
    public List<Metric> metrics(List<Scored> items) {
        List<Metric> subsets = new ArrayList<>();
        List<Metric> parts = new ArrayList<>();
        Averages.by(items, scored -> scored.item().subset()).forEach((subset, members) -> {
            if (subset.equals(TIES)) {
                TiesScore ties = ties(members);
                subsets.add(Metric.of(TIES, ties.total(), members));
                parts.add(Metric.of("Ties, tied accuracy", ties.tiedAccuracy(), members));
                parts.add(Metric.of("Ties, reference accuracy", ties.referenceAccuracy(), members));
            } else {
                subsets.add(Metric.of(subset, Averages.mean(members, this::credit), members));
            }
        });
        List<Metric> metrics = new ArrayList<>();
        metrics.add(Metric.mean("overall", subsets));
        metrics.addAll(subsets);
        metrics.addAll(parts);
        return metrics;
    }

    /** What the margins of one item are. */
    private record Margins(boolean right, double gap, double spread) {
        static Margins of(Scored item) {
            double worstRight = Double.POSITIVE_INFINITY;
            double bestRight = Double.NEGATIVE_INFINITY;
            double bestWrong = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < item.item().answers().size(); i++) {
                if (item.item().answers().get(i).right()) {
                    worstRight = Math.min(worstRight, item.score(i));
                    bestRight = Math.max(bestRight, item.score(i));
                } else {
                    bestWrong = Math.max(bestWrong, item.score(i));
                }
            }
            return new Margins(worstRight > bestWrong, worstRight - bestWrong, bestRight - worstRight);
        }
    }

    /** Items of ids {@code ref:N} and {@code tied:N}; those whose partner is missing count for their accuracy only. */
    static TiesScore ties(List<Scored> items) {
        Map<String, Margins> references = new TreeMap<>();
        Map<String, List<Margins>> tied = new TreeMap<>();
        int referenceItems = 0;
        int referenceRight = 0;
        int tiedItems = 0;
        int tiedRight = 0;
        for (Scored item : items) {
            Margins margins = Margins.of(item);
            boolean reference = item.item()
                    .id()
                    .substring(item.item().id().lastIndexOf('/') + 1)
                    .startsWith("ref");
            if (reference) {
                references.put(item.item().group(), margins);
                referenceItems++;
                referenceRight += margins.right() ? 1 : 0;
            } else {
                tied.computeIfAbsent(item.item().group(), group -> new ArrayList<>())
                        .add(margins);
                tiedItems++;
                tiedRight += margins.right() ? 1 : 0;
            }
        }
        int pairs = 0;
        int preferred = 0;
        int preferredHard = 0;
        double margin = 0;
        for (Map.Entry<String, List<Margins>> group : tied.entrySet()) {
            Optional<Margins> reference = Optional.ofNullable(references.get(group.getKey()));
            for (Margins many : reference.isPresent() ? group.getValue() : List.<Margins>of()) {
                double smaller = Math.min(reference.get().gap(), many.gap());
                pairs++;
                preferred += many.gap() > many.spread() ? 1 : 0;
                preferredHard += smaller > many.spread() ? 1 : 0;
                double one = Math.tanh(smaller / many.spread() - 1);
                margin += Double.isNaN(one) ? 0 : one;
            }
        }
        double tiedAccuracy = share(tiedRight, tiedItems);
        double referenceAccuracy = share(referenceRight, referenceItems);
        double ofTied = share(preferred, pairs);
        double ofBoth = share(preferredHard, pairs);
        double meanMargin = pairs == 0 ? 0 : margin / pairs;
        return new TiesScore(
                tiedAccuracy,
                referenceAccuracy,
                ofTied,
                ofBoth,
                meanMargin,
                0.30 * tiedAccuracy + 0.30 * referenceAccuracy + 0.20 * ofTied + 0.20 * ofBoth + 0.01 * meanMargin);
    }

    private static double share(int right, int items) {
        return items == 0 ? 0 : right / (double) items;
    }
}
