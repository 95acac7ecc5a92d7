package dev.save4j.objectives;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;

/** Everybody who can compute a graph in these tests: the calculator, ONNX Runtime forward, PyTorch forward. */
final class Executors {
    private Executors() {}

    static Stream<Named<Executor>> all() {
        return Stream.of(
                Named.of("calculator", Executors::calculate),
                Named.of("onnxruntime", Executors::infer),
                Named.of("djl-pytorch", Executors::evaluate));
    }

    static Map<String, Double> calculate(Graph graph, Map<String, Array> inputs) {
        Map<String, Double> outputs = new HashMap<>();
        GraphCalculator.run(graph, inputs).forEach((name, output) -> outputs.put(name, output.item()));
        return outputs;
    }

    static Map<String, Double> infer(Graph graph, Map<String, Array> inputs) {
        try (InferenceSession session = Engines.inference()
                .named("onnxruntime")
                .open(graph, new WeightStore(Map.of()), WeightBinding.LIVE, EngineSettings.singleThreaded())) {
            return scalars(session.run(tensors(inputs)));
        }
    }

    static Map<String, Double> evaluate(Graph graph, Map<String, Array> inputs) {
        try (Trained trained = Trained.open(graph, inputs)) {
            return trained.evaluate();
        }
    }

    static Map<String, Tensor> tensors(Map<String, Array> inputs) {
        Map<String, Tensor> tensors = new HashMap<>();
        inputs.forEach((name, array) -> tensors.put(name, array.toTensor()));
        return tensors;
    }

    static Map<String, Double> scalars(Map<String, Tensor> outputs) {
        Map<String, Double> scalars = new HashMap<>();
        outputs.forEach((name, tensor) -> scalars.put(name, (double) tensor.item()));
        return scalars;
    }
}
