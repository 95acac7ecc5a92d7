package dev.save4j.objectives;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;

/** Everybody who can compute a graph in these tests. */
final class Executors {
    private Executors() {}

    static Stream<Named<Executor>> all() {
        return Stream.of(Named.of("calculator", (graph, inputs) -> {
            Map<String, Double> outputs = new HashMap<>();
            GraphCalculator.run(graph, inputs).forEach((name, output) -> outputs.put(name, output.item()));
            return outputs;
        }));
    }
}
