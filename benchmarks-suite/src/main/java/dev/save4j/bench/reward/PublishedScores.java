package dev.save4j.bench.reward;

import dev.save4j.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Published official numbers of well-known reward models in percent, to hold one's own beside. They come from whole benchmarks; JudgeBench is the mean over
 * the four sources there, while {@link JudgeBench} has the share over all pairs first.
 *
 * <p>Source: README of SkyworkAI/Skywork-Reward-V2, commit 4f380f4.
 */
public final class PublishedScores {
    /** Where the numbers come from. */
    public static final String SOURCE =
            "README of SkyworkAI/Skywork-Reward-V2 (4f380f4), whole benchmarks, JudgeBench as macro mean";

    private static final List<String> BENCHMARKS = List.of(
            "rewardbench", "rewardbench2", "ppe-preference", "ppe-correctness", "rmb", "rm-bench", "judgebench");

    private static final List<Map.Entry<String, double[]>> MODELS = List.of(
            Map.entry("Llama-3-OffsetBias-RM-8B", new double[] {89.0, 64.8, 59.2, 64.1, 57.8, 71.3, 63.5}),
            Map.entry("ArmoRM-Llama3-8B", new double[] {90.4, 66.5, 60.6, 60.6, 64.6, 69.3, 59.7}),
            Map.entry("Internlm2-20b-reward", new double[] {90.2, 56.3, 61.0, 63.0, 62.9, 68.3, 64.3}),
            Map.entry("Skywork-Reward-Llama-3.1-8B-v0.2", new double[] {93.1, 71.8, 62.2, 62.5, 66.6, 72.1, 62.9}),
            Map.entry("LDL-Reward-Gemma-2-27B", new double[] {95.0, 72.5, 62.4, 63.9, 67.9, 71.1, 64.2}),
            Map.entry("Skywork-Reward-Gemma-2-27B-v0.2", new double[] {94.3, 75.3, 63.6, 61.9, 69.4, 70.0, 66.5}),
            Map.entry("INF-ORM-Llama3.1-70B", new double[] {95.1, 76.5, 64.2, 64.4, 70.5, 73.8, 70.2}),
            Map.entry("Skywork-Reward-V2-Qwen3-0.6B", new double[] {85.2, 61.3, 65.3, 68.3, 74.5, 74.4, 67.6}),
            Map.entry("Skywork-Reward-V2-Qwen3-1.7B", new double[] {90.3, 68.3, 67.6, 70.5, 78.1, 78.7, 72.9}),
            Map.entry("Skywork-Reward-V2-Qwen3-4B", new double[] {93.4, 75.5, 69.5, 74.7, 80.6, 81.6, 69.3}),
            Map.entry("Skywork-Reward-V2-Qwen3-8B", new double[] {93.7, 78.2, 70.6, 75.1, 81.2, 82.6, 73.4}),
            Map.entry("Skywork-Reward-V2-Llama-3.2-1B", new double[] {89.9, 64.3, 66.6, 67.4, 76.7, 76.4, 65.0}),
            Map.entry("Skywork-Reward-V2-Llama-3.2-3B", new double[] {93.0, 74.7, 69.1, 72.1, 80.5, 81.1, 69.2}),
            Map.entry("Skywork-Reward-V2-Llama-3.1-8B", new double[] {96.4, 84.1, 77.3, 83.4, 86.4, 92.8, 80.0}),
            Map.entry("Skywork-Reward-V2-Llama-3.1-8B-40M", new double[] {97.8, 86.5, 79.8, 87.2, 89.3, 96.0, 83.4}));

    private PublishedScores() {}

    /** A row for each model, a column for each of these benchmarks of which numbers are published; empty when there is none. */
    public static Optional<Table> table(List<RewardResults.BenchmarkPart> benchmarks) {
        List<RewardResults.BenchmarkPart> known = benchmarks.stream()
                .filter(benchmark -> BENCHMARKS.contains(benchmark.name()))
                .toList();
        if (known.isEmpty()) {
            return Optional.empty();
        }
        List<String> header = new ArrayList<>(List.of("published"));
        known.forEach(benchmark -> header.add(benchmark.title()));
        return Optional.of(new Table(
                header,
                MODELS.stream()
                        .map(model -> {
                            List<String> row = new ArrayList<>(List.of(model.getKey()));
                            known.forEach(benchmark ->
                                    row.add(String.valueOf(model.getValue()[BENCHMARKS.indexOf(benchmark.name())])));
                            return row;
                        })
                        .toList()));
    }
}
