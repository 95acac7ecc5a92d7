package dev.save4j.bench.reward;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * LLMBar: pairs about following an instruction, natural and adversarial, and three sets with human labels that its authors processed. A pair is right when
 * the better output scores strictly higher. There is no official number for reward models: the first metric is the mean of the natural and the
 * adversarial parts, each weighing the same.
 *
 * <p>Source: princeton-nlp/LLMBar, the layout of {@code Dataset}.
 */
public final class LlmBar implements Benchmark {
    /** How a path shows the part. */
    private static final Map<String, String> PARTS = new LinkedHashMap<>();

    static {
        PARTS.put("natural", "natural");
        PARTS.put("neighbor", "adver-neighbor");
        PARTS.put("gptinst", "adver-GPTInst");
        PARTS.put("gptout", "adver-GPTOut");
        PARTS.put("manual", "adver-manual");
        PARTS.put("faireval", "processed-FairEval");
        PARTS.put("llmeval2", "processed-LLMEval2");
        PARTS.put("mtbench", "processed-MT-Bench");
    }

    @Override
    public String name() {
        return "llmbar";
    }

    @Override
    public String title() {
        return "LLMBar";
    }

    @Override
    public String rule() {
        return "mean of the natural and adversarial parts; a tie is wrong";
    }

    @Override
    public List<String> dataSets() {
        return List.of("princeton-nlp/LLMBar");
    }

    @Override
    public boolean isIn(Path data) {
        return !files(data).isEmpty();
    }

    private static List<Path> files(Path data) {
        return BenchmarkFiles.of(data, Set.of("llmbar")).stream()
                .filter(file -> PARTS.keySet().stream().anyMatch(where(file)::contains))
                .toList();
    }

    private static String where(Path file) {
        Path path = file.toAbsolutePath();
        int names = path.getNameCount();
        return BenchmarkFiles.plain(path.subpath(Math.max(0, names - 2), names).toString());
    }

    @Override
    public Questions read(Path data) {
        List<Item> items = new ArrayList<>();
        for (Path file : files(data)) {
            String where = where(file);
            String part = PARTS.entrySet().stream()
                    .filter(entry -> where.contains(entry.getKey()))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElseThrow();
            int number = 0;
            for (BenchmarkRow row : BenchmarkRow.of(file)) {
                String label = row.any("label");
                if (!label.equals("1") && !label.equals("2")) {
                    throw row.refused("has the label " + label + ", expected 1 or 2");
                }
                boolean first = label.equals("1");
                items.add(Item.pair(
                        part + "/" + ++number,
                        part,
                        Item.asked(row.text("input")),
                        row.text(first ? "output_1" : "output_2"),
                        row.text(first ? "output_2" : "output_1")));
            }
        }
        Set<String> present = BenchmarkFiles.subsets(items);
        return new Questions(
                BenchmarkFiles.distinct(items),
                PARTS.values().stream()
                        .filter(part -> !present.contains(part))
                        .map(part -> "the part " + part + " is missing")
                        .toList());
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
        List<Metric> parts = Averages.bySubset(items, this::credit);
        List<Metric> own = parts.stream()
                .filter(part -> !part.name().startsWith("processed"))
                .toList();
        List<Metric> averaged = own.isEmpty() ? parts : own;
        List<Metric> metrics = new ArrayList<>();
        metrics.add(Metric.mean("overall", averaged));
        metrics.addAll(parts);
        return metrics;
    }
}
