package dev.save4j.bench.reward;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Preference Proxy Evaluations, correctness: 32 answers to each prompt, each of them known to be right or wrong. The official number is the share of sampled
 * conflict pairs whose right answer scores strictly higher, the five sets weighing the same. In addition the area under the ROC curve and the
 * curve of {@link BestOfK}, which is over all prompts, also those whose answers are all right or all wrong.
 *
 * <p>The official code was not at hand: the rules are those of the data set cards and of appendix B of Skywork-Reward-V2.
 */
public final class PpeCorrectness implements Benchmark {
    private static final Map<String, String> SETS = new LinkedHashMap<>();
    private static final Set<String> FOLDERS = Set.of(
            "ppe",
            "ppemmluprobestofk",
            "ppemathbestofk",
            "ppegpqabestofk",
            "ppeifevalbestofk",
            "ppembppplusbestofk",
            "ppecorrectness");

    static {
        SETS.put("mmlupro", "MMLU-Pro");
        SETS.put("gpqa", "GPQA");
        SETS.put("ifeval", "IFEval");
        SETS.put("mbpp", "MBPP-Plus");
        SETS.put("math", "MATH");
    }

    @Override
    public String name() {
        return "ppe-correctness";
    }

    @Override
    public String title() {
        return "PPE correctness";
    }

    @Override
    public String rule() {
        return "share of conflict pairs whose right answer scores higher, the sets weighing the same; a tie is wrong";
    }

    @Override
    public List<String> dataSets() {
        return List.of(
                "lmarena-ai/PPE-MMLU-Pro-Best-of-K",
                "lmarena-ai/PPE-MATH-Best-of-K",
                "lmarena-ai/PPE-GPQA-Best-of-K",
                "lmarena-ai/PPE-IFEval-Best-of-K",
                "lmarena-ai/PPE-MBPP-Plus-Best-of-K");
    }

    @Override
    public boolean isIn(Path data) {
        return !files(data).isEmpty();
    }

    private static List<Path> files(Path data) {
        return BenchmarkFiles.of(data, FOLDERS).stream()
                .filter(file -> SETS.keySet().stream().anyMatch(where(data, file)::contains))
                .toList();
    }

    private static String where(Path data, Path file) {
        return BenchmarkFiles.where(data, FOLDERS, file);
    }

    @Override
    public Questions read(Path data) {
        List<Item> items = new ArrayList<>();
        for (Path file : files(data)) {
            String where = where(data, file);
            String set = SETS.entrySet().stream()
                    .filter(entry -> where.contains(entry.getKey()))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElseThrow();
            for (BenchmarkRow row : BenchmarkRow.of(file)) {
                items.add(item(row, set));
            }
        }
        List<String> notes = new ArrayList<>();
        Set<String> present = BenchmarkFiles.subsets(items);
        SETS.values().stream()
                .filter(set -> !present.contains(set))
                .forEach(set -> notes.add("the set " + set + " is missing"));
        long agreeing = items.stream().filter(item -> item.pairs().isEmpty()).count();
        if (agreeing > 0) {
            notes.add(agreeing + " prompts without a conflict pair count for the best of k alone");
        }
        return new Questions(BenchmarkFiles.distinct(items), notes);
    }

    private static Item item(BenchmarkRow row, String set) {
        List<JsonNode> scores = row.list("scores");
        List<Item.Candidate> answers = new ArrayList<>();
        for (int i = 0; i < scores.size(); i++) {
            answers.add(new Item.Candidate(
                    row.text("response_" + (i + 1)), scores.get(i).asBoolean()));
        }
        List<Item.Pair> pairs = new ArrayList<>();
        for (JsonNode pair : row.list("sampled_conflict_pairs")) {
            int first = pair.path(0).asInt(-1);
            int second = pair.path(1).asInt(-1);
            if (Math.min(first, second) < 0 || Math.max(first, second) >= answers.size()) {
                throw row.refused("has the conflict pair " + pair + " of " + answers.size() + " answers");
            }
            if (answers.get(first).right() == answers.get(second).right()) {
                throw row.refused("has the conflict pair " + pair + " of answers that are both "
                        + (answers.get(first).right() ? "right" : "wrong"));
            }
            pairs.add(answers.get(first).right() ? new Item.Pair(first, second) : new Item.Pair(second, first));
        }
        String id = set + "/" + (row.has("model_name") ? row.text("model_name") + "/" : "") + row.any("question_id");
        return new Item(id, set + "/" + row.any("question_id"), set, Item.asked(row.text("prompt")), answers, pairs);
    }

    @Override
    public String stratum(Item item) {
        return item.subset();
    }

    @Override
    public double credit(Scored item) {
        return item.pairAccuracy();
    }

    @Override
    public List<Metric> metrics(List<Scored> items) {
        List<Metric> sets = new ArrayList<>();
        List<Metric> areas = new ArrayList<>();
        List<Metric> best = new ArrayList<>();
        Averages.by(items, scored -> scored.item().subset()).forEach((set, members) -> {
            List<Scored> conflicting = conflicting(members);
            if (!conflicting.isEmpty()) {
                sets.add(Metric.of(set, conflicts(conflicting), conflicting));
                areas.add(Metric.of(set + ", AUC", BestOfK.area(conflicting), conflicting));
            }
            double[] curve = BestOfK.curve(members);
            best.add(Metric.of(set + ", best of " + curve.length, curve[curve.length - 1], members));
        });
        List<Metric> metrics = new ArrayList<>();
        metrics.add(mean("overall", sets));
        metrics.addAll(sets);
        metrics.add(mean("AUC", areas));
        metrics.addAll(areas);
        metrics.addAll(best);
        return metrics;
    }

    /** A few items may be without any conflict pair. */
    private static Metric mean(String name, List<Metric> sets) {
        return sets.isEmpty() ? new Metric(name, Double.NaN, 0, 0) : Metric.mean(name, sets);
    }

    @Override
    public double headline(List<Scored> items) {
        return Averages.by(conflicting(items), scored -> scored.item().subset()).values().stream()
                .mapToDouble(PpeCorrectness::conflicts)
                .average()
                .orElse(Double.NaN);
    }

    private static List<Scored> conflicting(List<Scored> items) {
        return items.stream().filter(scored -> !scored.item().pairs().isEmpty()).toList();
    }

    private static double conflicts(List<Scored> items) {
        long right = 0;
        long all = 0;
        for (Scored item : items) {
            for (Item.Pair pair : item.item().pairs()) {
                right += item.above(pair) ? 1 : 0;
                all++;
            }
        }
        return right / (double) all;
    }
}
