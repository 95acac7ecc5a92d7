package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the tests of benchmarks share. */
final class Golden {
    private Golden() {}

    /** A file or folder of the shared data, or the test is skipped with a message. */
    static Path shared(String name) {
        Path path = Path.of(System.getProperty("save4j.shared", "../shared"))
                .resolve("data")
                .resolve(name);
        assumeTrue(Files.exists(path), "no " + path);
        return path;
    }

    /** Scored by the number of code points, or by its negative. */
    static List<Scored> byLength(List<Item> items, int sign) {
        return items.stream()
                .map(item -> new Scored(
                        item,
                        item.answers().stream()
                                .mapToDouble(answer -> sign
                                        * answer.text()
                                                .codePointCount(0, answer.text().length()))
                                .toArray()))
                .toList();
    }

    static List<Scored> byLength(Benchmark benchmark) {
        return byLength(benchmark.read(shared("benchmarks")).items(), 1);
    }

    static Map<String, Double> values(Benchmark benchmark, List<Scored> items) {
        List<Metric> metrics = benchmark.metrics(items);
        assertThat(benchmark.headline(items)).isEqualTo(metrics.get(0).value());
        return metrics.stream().collect(Collectors.toMap(Metric::name, Metric::value));
    }

    /** The sum of the credits of the items of a subset, as a whole number. */
    static long right(Benchmark benchmark, List<Scored> items, String subset) {
        return Math.round(items.stream()
                .filter(item -> item.item().subset().startsWith(subset))
                .mapToDouble(benchmark::credit)
                .sum());
    }

    static long count(List<Scored> items, String subset) {
        return items.stream()
                .filter(item -> item.item().subset().startsWith(subset))
                .count();
    }

    /** An item of made-up answers, the right ones first. */
    static Scored scored(String id, String group, String subset, int right, double... scores) {
        List<String> texts = IntStream.range(0, scores.length)
                .mapToObj(answer -> "answer " + answer)
                .toList();
        return new Scored(
                Item.of(
                        id,
                        group,
                        subset,
                        Item.asked("question"),
                        texts.subList(0, right),
                        texts.subList(right, scores.length)),
                Arrays.copyOf(scores, scores.length));
    }
}
