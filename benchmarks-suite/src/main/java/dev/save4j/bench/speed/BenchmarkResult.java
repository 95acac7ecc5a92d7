package dev.save4j.bench.speed;

import dev.save4j.report.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a benchmark found.
 *
 * @param rows by their names in JSON: {@code size}, {@code shape}, {@code engine} and numbers
 * @param table the same for terminals and Markdown
 * @param explanation what the columns mean and where they were measured, in sentences
 * @param plot SVG
 */
public record BenchmarkResult(
        Surroundings surroundings,
        List<Map<String, Object>> rows,
        Table table,
        String explanation,
        Optional<String> plot) {
    public BenchmarkResult {
        rows = List.copyOf(rows);
    }

    /** The surroundings and rows, pretty-printed. */
    public String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("surroundings", surroundings);
        all.put("rows", rows);
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
    }
}
