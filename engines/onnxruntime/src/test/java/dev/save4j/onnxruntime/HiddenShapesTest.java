package dev.save4j.onnxruntime;

import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.GradientConformance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gradients are right when no size is known before the graph runs: every weight is read through a Reshape whose sizes are fed, so that broadcasts are
 * undone, and parts put back, by shapes that are looked up.
 */
class HiddenShapesTest extends GradientConformance {
    HiddenShapesTest() {
        super(new Hiding(new OnnxRuntimeGradients(), 2));
    }

    /**
     * An engine that hides the shapes of weights from another.
     *
     * @param threads native threads of that engine
     */
    private record Hiding(GradientEngine engine, int threads) implements GradientEngine {
        @Override
        public String name() {
            return engine.name();
        }

        @Override
        public EngineCapabilities capabilities() {
            return engine.capabilities();
        }

        @Override
        public Trainer open(
                WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings) {
            Map<Graph, Graph> hidden = new LinkedHashMap<>();
            losses.forEach(loss -> hidden.put(loss, hide(loss)));
            EngineSettings parallel = new EngineSettings(threads, settings.scratch());
            return new HidingTrainer(
                    engine.open(weights, List.copyOf(hidden.values()), optimization, parallel), hidden, weights);
        }
    }

    /** The sizes of heads must be known, as they are in every model. */
    private static boolean hasHeads(Graph graph) {
        return graph.nodes().stream()
                .anyMatch(node -> Set.of("Attention", "RotaryEmbedding").contains(node.operator()));
    }

    private static Graph hide(Graph graph) {
        if (hasHeads(graph)) {
            return graph;
        }
        List<ValueInfo> inputs = new ArrayList<>(graph.inputs());
        List<Node> nodes = new ArrayList<>();
        Map<String, String> names = new HashMap<>();
        graph.parameters().forEach((name, type) -> {
            inputs.add(new ValueInfo(name + "/sizes", TensorType.of(ElementType.INT64, type.rank())));
            nodes.add(new Node(
                    name + "/hidden",
                    "",
                    "Reshape",
                    List.of(name, name + "/sizes"),
                    List.of(name + "/hidden"),
                    Map.of("allowzero", Attribute.of(1))));
            names.put(name, name + "/hidden");
        });
        for (Node node : graph.nodes()) {
            nodes.add(new Node(
                    node.name(),
                    node.domain(),
                    node.operator(),
                    node.inputs().stream()
                            .map(name -> names.getOrDefault(name, name))
                            .toList(),
                    node.outputs(),
                    node.attributes()));
        }
        return new Graph(
                graph.name(), graph.opsets(), inputs, graph.outputs(), nodes, graph.constants(), graph.parameters());
    }

    private record HidingTrainer(Trainer trainer, Map<Graph, Graph> hidden, WeightStore weights) implements Trainer {
        private Map<String, Tensor> with(Graph loss, Map<String, Tensor> inputs) {
            Map<String, Tensor> all = new HashMap<>(inputs);
            if (hasHeads(loss)) {
                return all;
            }
            loss.parameters()
                    .keySet()
                    .forEach(name -> all.put(
                            name + "/sizes", Tensor.vector(weights.get(name).shape())));
            return all;
        }

        @Override
        public Map<String, Tensor> accumulate(Graph loss, Map<String, Tensor> inputs, double scale) {
            return trainer.accumulate(hidden.get(loss), with(loss, inputs), scale);
        }

        @Override
        public Map<String, Tensor> evaluate(Graph loss, Map<String, Tensor> inputs) {
            return trainer.evaluate(hidden.get(loss), with(loss, inputs));
        }

        @Override
        public double step(double learningRate) {
            return trainer.step(learningRate);
        }

        @Override
        public Map<String, Tensor> gradients() {
            return trainer.gradients();
        }

        @Override
        public OptimizerState state() {
            return trainer.state();
        }

        @Override
        public void restore(OptimizerState state) {
            trainer.restore(state);
        }

        @Override
        public void close() {
            trainer.close();
        }
    }
}
