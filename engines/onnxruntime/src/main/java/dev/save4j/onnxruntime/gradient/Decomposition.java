package dev.save4j.onnxruntime.gradient;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Writes operators that stand for several steps as these steps, so that the gradient needs to know the steps only. Only nodes through which a gradient
 * flows are rewritten; all others keep the one kernel that does everything at once.
 */
final class Decomposition {
    /** From a node to its results, in order; those behind the last that the node names may be left out. */
    private static final Map<String, Function<Parts, List<Term>>> RULES = new HashMap<>();

    static {
        RULES.put("Attention", AttentionParts::attention);
        RULES.put("RotaryEmbedding", AttentionParts::rotary);
        RULES.put("RMSNormalization", Decomposition::rootMeanSquare);
        RULES.put("com.microsoft::SkipLayerNormalization", Decomposition::skipLayer);
        RULES.put("com.microsoft::SkipSimplifiedLayerNormalization", Decomposition::skipSimplified);
        RULES.put("com.microsoft::Gelu", parts -> gelu(parts.input(0), "none"));
        RULES.put("com.microsoft::BiasGelu", parts -> gelu(parts.input(0).add(parts.input(1)), "none"));
        RULES.put(
                "com.microsoft::FastGelu",
                parts -> gelu(parts.has(1) ? parts.input(0).add(parts.input(1)) : parts.input(0), "tanh"));
    }

    private Decomposition() {}

    static Set<String> operators() {
        return new TreeSet<>(RULES.keySet());
    }

    /** Why this node has no gradient although its operator has, or an empty string. */
    static String objection(Node node) {
        return node.qualifiedOperator().equals("Attention") && node.hasInput(6) && node.integer("is_causal", 0) == 1
                ? "nonpad_kv_seqlen together with is_causal has no gradient"
                : "";
    }

    /** What rules are made of. */
    record Parts(Node node, Emitter emitter, Types types) {
        boolean has(int operand) {
            return node.hasInput(operand);
        }

        Term input(int operand) {
            String name = node.inputs().get(operand);
            return new Term(emitter, name, types.of(name).element());
        }

        ValueType type(int operand) {
            return types.of(node.inputs().get(operand));
        }

        int rank(int operand) {
            if (!type(operand).isRanked()) {
                throw unsupported("the graph does not say how many axes operand " + operand + " has");
            }
            return type(operand).rank();
        }

        /** The size of an axis that must be the same in every run. */
        long size(int operand, int axis) {
            Size size = type(operand).size(axis);
            if (!size.isFixed()) {
                throw unsupported("axis " + axis + " of operand " + operand
                        + " must have a fixed size, so that its gradient can be written");
            }
            return size.factor();
        }

        SaveException unsupported(String why) {
            return SaveException.user(node.describe() + ": " + why);
        }
    }

    /**
     * The graph with these nodes rewritten; itself when there is nothing to rewrite.
     *
     * @param wanted nodes through which a gradient flows
     */
    static Graph of(Graph graph, Types types, Set<Node> wanted) {
        if (graph.nodes().stream().noneMatch(node -> rewrites(node, wanted))) {
            return graph;
        }
        Emitter emitter = new Emitter(graph, "parts");
        List<Node> nodes = new ArrayList<>();
        int written = 0;
        for (Node node : graph.nodes()) {
            Function<Parts, List<Term>> rule = RULES.get(node.qualifiedOperator());
            if (rule == null || !wanted.contains(node)) {
                nodes.add(node);
                continue;
            }
            emitter.scope(node);
            emitter.forget();
            List<Term> results = rule.apply(new Parts(node, emitter, types));
            Map<String, String> names = new HashMap<>();
            for (int i = 0; i < node.outputs().size(); i++) {
                if (node.hasOutput(i)) {
                    Term result = results.get(i);
                    if (names.containsKey(result.name()) || node.inputs().contains(result.name())) {
                        result = result.identity();
                    }
                    names.put(result.name(), node.outputs().get(i));
                }
            }
            List<Node> all = emitter.nodes();
            all.subList(written, all.size()).forEach(part -> nodes.add(renamed(part, names)));
            written = all.size();
        }
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        constants.putAll(emitter.constants());
        Map<String, Integer> opsets = new TreeMap<>(graph.opsets());
        nodes.forEach(node -> opsets.putIfAbsent(node.domain(), 1));
        return new Graph(
                graph.name(),
                opsets,
                graph.inputs(),
                graph.outputs(),
                nodes,
                constants,
                graph.parameters(),
                graph.preserved());
    }

    private static boolean rewrites(Node node, Set<Node> wanted) {
        return wanted.contains(node) && RULES.containsKey(node.qualifiedOperator());
    }

    private static Node renamed(Node node, Map<String, String> names) {
        Function<String, String> rename = name -> names.getOrDefault(name, name);
        return new Node(
                node.name(),
                node.domain(),
                node.operator(),
                node.inputs().stream().map(rename).toList(),
                node.outputs().stream().map(rename).toList(),
                node.attributes());
    }

    private static List<Term> gelu(Term x, String approximate) {
        return List.of(x.emitter().op("Gelu", x.element(), Map.of("approximate", Attribute.of(approximate)), x));
    }

    /** The same operator under the name by which the library hands out the inverse deviation. */
    private static List<Term> rootMeanSquare(Parts parts) {
        Term x = parts.input(0);
        return List.of(x.emitter()
                .op("SimplifiedLayerNormalization", x.element(), parts.node().attributes(), x, parts.input(1)));
    }

    private static Term skipped(Parts parts, int bias) {
        Term sum = parts.input(0).add(parts.input(1));
        return parts.has(bias) ? sum.add(parts.input(bias)) : sum;
    }

    private static Map<String, Attribute> normalization(Parts parts) {
        return Map.of(
                "axis", Attribute.of(-1), "epsilon", Attribute.of(parts.node().real("epsilon", 1e-12f)));
    }

    private static List<Term> skipLayer(Parts parts) {
        Term sum = skipped(parts, 4);
        List<Term> operands = new ArrayList<>(List.of(sum, parts.input(2)));
        if (parts.has(3)) {
            operands.add(parts.input(3));
        }
        List<Term> results = parts.emitter()
                .node(
                        "",
                        "LayerNormalization",
                        normalization(parts),
                        operands,
                        List.of(sum.element(), ElementType.FLOAT, ElementType.FLOAT));
        return List.of(results.get(0), results.get(1), results.get(2), sum);
    }

    /** The mean, which this operator does not compute, is no result of the library's kernel either. */
    private static List<Term> skipSimplified(Parts parts) {
        Term sum = skipped(parts, 3);
        List<Term> results = parts.emitter()
                .node(
                        "",
                        "SimplifiedLayerNormalization",
                        normalization(parts),
                        List.of(sum, parts.input(2)),
                        List.of(sum.element(), ElementType.FLOAT));
        return List.of(results.get(0), results.get(1), results.get(1), sum);
    }
}
