package dev.save4j.cli;

import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.ExportedDecoder;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.Node;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.graph.WeightAliases;
import dev.save4j.models.Head;
import dev.save4j.models.ModelCache;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.RewardModel;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The graph of a model that engines are tried on, with its weights.
 *
 * @param origin the file and its operator set, or the architecture of a checkpoint
 * @param graph normalised: that of an ONNX file with all of its outputs, the log-probabilities of a policy, the reward of a reward model
 * @param decoder what answers are sampled with, where the model can
 */
record CheckedModel(String origin, Graph graph, WeightStore weights, Optional<DecoderGraph> decoder) {
    static final String LOSS = "loss";

    private static final int LONGEST = 16;

    /** An ONNX file, a folder, or the name of a model in the cache; a USER error when it cannot be read. */
    static CheckedModel load(String model) {
        if (Files.isRegularFile(Path.of(model))) {
            return ofFile(Path.of(model));
        }
        ModelFolder folder = ModelCache.ofUser().locate(model);
        if (!folder.hasCheckpoint()) {
            return ofFile(folder.requireOnnx());
        }
        if (Head.REWARD.isIn(folder.weights())) {
            RewardModel reward = RewardModel.load(folder);
            String origin =
                    folder.path() + ", a reward model on " + reward.backbone().family();
            return new CheckedModel(origin, reward.rewardGraph(), reward.weights(), Optional.empty());
        }
        PolicyModel policy = PolicyModel.load(folder);
        int length = Math.min(LONGEST, policy.backbone().maxLength());
        return new CheckedModel(
                folder.path() + ", a policy on " + policy.backbone().family(),
                policy.logProbGraph(1),
                policy.weights(),
                Optional.of(policy.decoder(length)));
    }

    private static CheckedModel ofFile(Path file) {
        OnnxModel stored = OnnxCodec.read(file);
        OnnxModel model = WeightAliases.rename(stored, WeightAliases.derive(stored.graph()));
        Graph graph = GraphNormalizer.normalize(model);
        Map<String, Tensor> weights = new HashMap<>(model.weights());
        weights.keySet().retainAll(graph.parameters().keySet());
        boolean cached = graph.inputs().stream().anyMatch(input -> input.name().equals("past_key_values.0.key"));
        return new CheckedModel(
                file + ", " + opsets(stored.graph()),
                graph,
                new WeightStore(weights),
                cached ? Optional.of(ExportedDecoder.of(graph, LONGEST)) : Optional.empty());
    }

    /** The graph with the sum of all floating outputs as one more output, {@code loss}; empty when there are none. */
    Optional<Graph> withLoss() {
        GraphBuilder builder = new GraphBuilder(graph.name());
        Map<String, Value> inputs = new HashMap<>();
        graph.inputs().forEach(input -> inputs.put(input.name(), builder.input(input.name(), input.type())));
        Map<String, Value> outputs = builder.include(graph, inputs);
        Optional<Value> loss = outputs.values().stream()
                .filter(output -> output.type().element().isFloating())
                .map(output -> output.cast(ElementType.FLOAT).sum())
                .reduce(Value::add);
        outputs.remove(LOSS);
        outputs.forEach(builder::output);
        loss.ifPresent(sum -> builder.output(LOSS, sum));
        return loss.map(sum -> builder.build());
    }

    private static String opsets(Graph graph) {
        return graph.opsets().entrySet().stream()
                .map(set -> (set.getKey().isEmpty() ? "operator set" : set.getKey()) + " " + set.getValue())
                .collect(Collectors.joining(", "));
    }

    /** What of a graph is shown in a line. */
    String describe() {
        long operators =
                graph.nodes().stream().map(Node::qualifiedOperator).distinct().count();
        return origin + ": " + graph.nodes().size() + " nodes of " + operators + " operators, "
                + graph.parameters().size() + " weights with " + weights.parameterCount() + " numbers";
    }
}
