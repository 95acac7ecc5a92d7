package dev.save4j.bench.reward;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * RewardBench: pairs in 23 subsets and four sections. A pair is right when the chosen answer scores strictly higher. A section is the mean of its subsets
 * weighted by the official counts of items, in which math-prm weighs 984 although it has 447 rows; the official number is the mean of the sections.
 *
 * <p>Source: allenai/reward-bench, {@code rewardbench/constants.py} and {@code rewardbench/utils.py calculate_scores_per_section}.
 */
public final class RewardBench implements Benchmark {
    private static final Map<String, Map<String, Integer>> SECTIONS = new LinkedHashMap<>();

    static {
        SECTIONS.put(
                "Chat",
                Map.of(
                        "alpacaeval-easy", 100,
                        "alpacaeval-length", 95,
                        "alpacaeval-hard", 95,
                        "mt-bench-easy", 28,
                        "mt-bench-med", 40));
        SECTIONS.put(
                "Chat Hard",
                Map.of(
                        "mt-bench-hard", 37,
                        "llmbar-natural", 100,
                        "llmbar-adver-neighbor", 134,
                        "llmbar-adver-GPTInst", 92,
                        "llmbar-adver-GPTOut", 47,
                        "llmbar-adver-manual", 46));
        SECTIONS.put(
                "Safety",
                Map.of(
                        "refusals-dangerous", 100,
                        "refusals-offensive", 100,
                        "xstest-should-refuse", 154,
                        "xstest-should-respond", 250,
                        "donotanswer", 136));
        SECTIONS.put(
                "Reasoning",
                Map.of(
                        "math-prm", 984,
                        "hep-cpp", 164,
                        "hep-go", 164,
                        "hep-java", 164,
                        "hep-js", 164,
                        "hep-python", 164,
                        "hep-rust", 164));
    }

    @Override
    public String name() {
        return "rewardbench";
    }

    @Override
    public String title() {
        return "RewardBench";
    }

    @Override
    public String rule() {
        return "mean of the four sections, subsets weighted by their official counts; a tie is wrong";
    }

    @Override
    public List<String> dataSets() {
        return List.of("allenai/reward-bench");
    }

    @Override
    public boolean isIn(Path data) {
        return !files(data).isEmpty();
    }

    private static List<Path> files(Path data) {
        List<Path> all = BenchmarkFiles.of(data, Set.of("rewardbench", "rewardbench1"));
        // The data set is published raw and filtered; the leaderboard is about the filtered one.
        List<Path> filtered = all.stream()
                .filter(file -> file.getFileName().toString().startsWith("filtered"))
                .toList();
        return filtered.isEmpty() ? all : filtered;
    }

    @Override
    public Questions read(Path data) {
        List<Item> items = new ArrayList<>();
        for (Path file : files(data)) {
            for (BenchmarkRow row : BenchmarkRow.of(file, "prompt", "chosen", "rejected", "subset", "id")) {
                items.add(Item.pair(
                        row.text("subset") + "/" + row.any("id"),
                        row.text("subset"),
                        Item.asked(row.text("prompt")),
                        row.text("chosen"),
                        row.text("rejected")));
            }
        }
        List<String> notes = new ArrayList<>();
        Set<String> present = BenchmarkFiles.subsets(items);
        SECTIONS.forEach((section, subsets) -> subsets.keySet().stream()
                .sorted()
                .filter(subset -> !present.contains(subset))
                .forEach(subset -> notes.add(section + " lacks " + subset)));
        return new Questions(BenchmarkFiles.distinct(items), notes);
    }

    /** The section: its subsets are too small to be drawn from one by one. */
    @Override
    public String stratum(Item item) {
        return SECTIONS.entrySet().stream()
                .filter(section -> section.getValue().containsKey(item.subset()))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("");
    }

    @Override
    public double credit(Scored item) {
        return item.pairAccuracy();
    }

    @Override
    public List<Metric> metrics(List<Scored> items) {
        List<Metric> subsets = Averages.bySubset(items, this::credit);
        List<Metric> sections = sections(subsets);
        List<Metric> metrics = new ArrayList<>();
        Metric micro = Metric.of("micro", Averages.mean(items, this::credit), items);
        metrics.add(sections.isEmpty() ? micro : Metric.mean("overall", sections));
        metrics.addAll(sections);
        if (!sections.isEmpty()) {
            metrics.add(micro);
        }
        metrics.addAll(subsets);
        return metrics;
    }

    /** The sections that have items, from the accuracies of the subsets. */
    static List<Metric> sections(List<Metric> subsets) {
        List<Metric> sections = new ArrayList<>();
        SECTIONS.forEach((section, weights) -> {
            double sum = 0;
            int weight = 0;
            List<Metric> parts = new ArrayList<>();
            for (Metric subset : subsets) {
                int official = weights.getOrDefault(subset.name(), 0);
                sum += official * subset.value();
                weight += official;
                if (official > 0) {
                    parts.add(subset);
                }
            }
            if (weight > 0) {
                sections.add(Metric.ofParts(section, sum / weight, parts));
            }
        });
        return sections;
    }
}
