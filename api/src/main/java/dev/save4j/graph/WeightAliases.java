package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Stable names for weights that an exporter left anonymous, as PyTorch does with the transposed weights of linear layers ({@code onnx::MatMul_787}).
 * The name comes from the path of the node that uses the weight: {@code /encoder/layer.0/attention/self/query/MatMul} gives
 * {@code encoder.layer.0.attention.self.query.weight}. The tensors stay as they are: the weight of a MatMul is {@code [in, out]} whatever its name.
 * Stateless and thread-safe.
 */
public final class WeightAliases {
    private static final Pattern ANONYMOUS = Pattern.compile("onnx::.*|\\d+|val_\\d+");
    private static final Set<String> HANDS_THROUGH = Set.of("Identity", "Transpose", "Cast");
    private static final Set<String> ADDS = Set.of("Add", "Sub", "BiasGelu");

    private WeightAliases() {}

    /**
     * Aliases for the anonymous weights of a graph, by present name. Weights with a name of their own and weights whose users are anonymous too have
     * none. Of equal aliases the later ones get a number; no alias is the name of another value.
     */
    public static Map<String, String> derive(Graph graph) {
        Set<String> taken = GraphNames.defined(graph);
        Map<String, Node> users = new HashMap<>();
        graph.nodes().forEach(node -> node.reads().forEach(value -> users.putIfAbsent(value, node)));
        Map<String, String> aliases = new LinkedHashMap<>();
        for (String weight : graph.parameters().keySet()) {
            if (ANONYMOUS.matcher(weight).matches() && !graph.hasOutput(weight)) {
                alias(weight, users).ifPresent(alias -> {
                    String unique = alias;
                    for (int count = 2; !taken.add(unique); count++) {
                        unique = alias + "_" + count;
                    }
                    aliases.put(weight, unique);
                });
            }
        }
        return aliases;
    }

    private static Optional<String> alias(String weight, Map<String, Node> users) {
        String value = weight;
        Node user = users.get(value);
        Set<String> seen = new HashSet<>();
        while (user != null && HANDS_THROUGH.contains(user.operator()) && user.hasOutput(0) && seen.add(value)) {
            value = user.outputs().get(0);
            user = users.get(value);
        }
        if (user == null) {
            return Optional.empty();
        }
        String path = path(user);
        return path.isEmpty()
                ? Optional.empty()
                : Optional.of(path + "." + role(user, user.inputs().indexOf(value)));
    }

    private static String path(Node user) {
        String name = user.name().isEmpty() && user.hasOutput(0)
                ? user.outputs().get(0).replaceFirst("_output_\\d+$", "")
                : user.name();
        List<String> parts =
                Arrays.stream(name.split("/")).filter(part -> !part.isEmpty()).toList();
        if (parts.size() > 1 && parts.get(parts.size() - 1).startsWith(user.operator())) {
            parts = parts.subList(0, parts.size() - 1);
        }
        return ANONYMOUS.matcher(name).matches() ? "" : String.join(".", parts);
    }

    private static String role(Node user, int operand) {
        if (ADDS.contains(user.operator()) || operand == 2) {
            return "bias";
        }
        return operand > 2 ? "operand_" + operand : "weight";
    }

    /** The names back to front. */
    public static Map<String, String> inverse(Map<String, String> names) {
        return names.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));
    }

    /**
     * The same model with other names for some weights: {@code rename(model, derive(model.graph()))} gives it aliases, and renaming by the
     * {@link #inverse} gives back the names of its file. A USER error when a name belongs to no weight, or a new name is taken.
     */
    public static OnnxModel rename(OnnxModel model, Map<String, String> names) {
        Graph graph = model.graph();
        Set<String> taken = GraphNames.defined(graph);
        taken.removeAll(names.keySet());
        names.forEach((from, to) -> {
            if (!graph.parameters().containsKey(from) || graph.hasOutput(from)) {
                throw SaveException.user(
                        "graph '" + graph.name() + "' has no weight '" + from + "' that could be renamed");
            }
            if (to.isEmpty() || !taken.add(to)) {
                throw SaveException.user("graph '" + graph.name() + "': weight '" + from + "' cannot be renamed to '"
                        + to + "', which is the name of something else");
            }
        });
        Map<String, Tensor> weights = new LinkedHashMap<>();
        model.weights().forEach((name, tensor) -> weights.put(names.getOrDefault(name, name), tensor));
        return new OnnxModel(
                renamed(graph, names),
                weights,
                model.irVersion(),
                model.producerName(),
                model.producerVersion(),
                model.domain(),
                model.modelVersion(),
                model.documentation(),
                model.metadata(),
                model.functions(),
                model.preserved());
    }

    private static Graph renamed(Graph graph, Map<String, String> names) {
        Map<String, TensorType> parameters = new LinkedHashMap<>();
        graph.parameters().forEach((name, type) -> parameters.put(names.getOrDefault(name, name), type));
        return new Graph(
                graph.name(),
                graph.opsets(),
                graph.inputs(),
                graph.outputs(),
                graph.nodes().stream()
                        .map(node -> BodyCopy.substitute(node, names))
                        .toList(),
                graph.constants(),
                parameters,
                Leftovers.of(graph.preserved(), 5, 8).renamed(names).preserved());
    }
}
