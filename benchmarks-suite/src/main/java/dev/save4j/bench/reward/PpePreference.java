package dev.save4j.bench.reward;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Preference Proxy Evaluations, human preference: pairs of answers with the vote of a person. A pair is right when the answer with the vote scores strictly
 * higher; votes for a tie are left out and counted.
 *
 * <p>The official code was not at hand: the rules are those of the data set card and of appendix B of Skywork-Reward-V2.
 */
public final class PpePreference implements Benchmark {
    private static final Set<String> FOLDERS = Set.of("ppe", "ppehumanpreferencev1", "ppepreference");

    @Override
    public String name() {
        return "ppe-preference";
    }

    @Override
    public String title() {
        return "PPE preference";
    }

    @Override
    public String rule() {
        return "share of pairs ordered as people voted; a tie of scores is wrong, votes for a tie are left out";
    }

    @Override
    public List<String> dataSets() {
        return List.of("lmarena-ai/PPE-Human-Preference-V1");
    }

    @Override
    public boolean isIn(Path data) {
        return !files(data).isEmpty();
    }

    private static List<Path> files(Path data) {
        return BenchmarkFiles.of(data, FOLDERS).stream()
                .filter(file -> BenchmarkFiles.where(data, FOLDERS, file).contains("preference"))
                .toList();
    }

    @Override
    public Questions read(Path data) {
        List<Item> items = new ArrayList<>();
        int ties = 0;
        for (Path file : files(data)) {
            for (BenchmarkRow row :
                    BenchmarkRow.of(file, "question_id", "prompt", "response_1", "response_2", "winner", "language")) {
                String winner = row.text("winner");
                if (winner.startsWith("tie")) {
                    ties++;
                    continue;
                }
                if (!winner.equals("model_a") && !winner.equals("model_b")) {
                    throw row.refused("has the winner '" + winner + "', expected model_a, model_b or tie");
                }
                boolean first = winner.equals("model_a");
                items.add(Item.pair(
                        row.any("question_id"),
                        row.has("language") ? row.text("language") : "all",
                        Item.asked(row.text("prompt")),
                        row.text(first ? "response_1" : "response_2"),
                        row.text(first ? "response_2" : "response_1")));
            }
        }
        return new Questions(
                BenchmarkFiles.distinct(items), ties == 0 ? List.of() : List.of(ties + " votes for a tie left out"));
    }

    @Override
    public double credit(Scored item) {
        return item.pairAccuracy();
    }

    @Override
    public List<Metric> metrics(List<Scored> items) {
        List<Metric> metrics = new ArrayList<>();
        metrics.add(Metric.of("overall", Averages.mean(items, this::credit), items));
        metrics.addAll(Averages.bySubset(items, this::credit));
        return metrics;
    }
}
