package dev.save4j.graph;

import dev.save4j.SaveException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rewrites graphs of operator sets 7 to 27 to the one form that engines know, operator set {@link Graph#OPSET}:
 *
 * <ul>
 *   <li>Constant nodes become {@link Graph#constants()}, calls of the model's own functions their bodies;
 *   <li>what newer sets take as an operand is one: the axes of Squeeze, Unsqueeze and the reductions, the bounds of Slice and Clip, the sizes of
 *       Split, the pads of Pad, the k of TopK, the axis of DFT;
 *   <li>Softmax, LogSoftmax and Hardmax of sets before 13, which flattened their operand, are written so with Flatten and Reshape, unless the axis is
 *       the last one;
 *   <li>Split says how many outputs it has, Dropout outside training is Identity, BatchNormalization outside training has one output, Swish is
 *       written out, Scatter is ScatterElements;
 *   <li>attributes that state their default, trailing absent operands, uninterpreted fields, and nodes, constants and weights that no output needs
 *       are left out.
 * </ul>
 *
 * <p>The result is of set {@link Graph#OPSET} unless it has an operator that came later (TensorScatter, BitCast, CumProd, Attention with
 * {@code nonpad_kv_seqlen}); then it is of the set that brought it. What cannot be rewritten is a USER error that names node, operator and set.
 * Operators of other domains are passed on. Names of inputs, outputs and weights stay; of nodes of one name the later ones get a number, because ONNX
 * Runtime refuses them. Stateless and thread-safe.
 */
public final class GraphNormalizer {
    private static final int MOST_NODES = 200_000;
    private static final int DEEPEST_CALL = 64;

    private final Map<String, OnnxFunction> functions = new HashMap<>();
    private final Map<String, Integer> domains = new LinkedHashMap<>();
    private int expanded;

    private GraphNormalizer(List<OnnxFunction> functions) {
        functions.forEach(function -> this.functions.put(function.qualifiedName(), function));
        domains.put("", Graph.OPSET);
    }

    /** The graph of a model; its parameters may be fewer than the model's weights. */
    public static Graph normalize(OnnxModel model) {
        return new GraphNormalizer(model.functions()).run(model.graph());
    }

    /** A graph that calls no functions. */
    public static Graph normalize(Graph graph) {
        return new GraphNormalizer(List.of()).run(graph);
    }

    private Graph run(Graph graph) {
        try {
            graph.validate(Set.of());
            NormalScope scope = new NormalScope(GraphNames.defined(graph), NormalScope.singlePrecision(graph));
            graph.parameters().forEach(scope.ranks()::declare);
            fill(graph, scope, graph.opsets(), 0);
            Graph normal = scope.finish(graph, domains);
            normal.validate(Set.of());
            return normal;
        } catch (SaveException refused) {
            if (refused.kind() != SaveException.Kind.USER
                    || refused.getMessage().startsWith("graph '")) {
                throw refused;
            }
            throw SaveException.user("graph '" + graph.name() + "': " + refused.getMessage(), refused);
        }
    }

    private void fill(Graph graph, NormalScope scope, Map<String, Integer> opsets, int depth) {
        graph.inputs().forEach(input -> scope.ranks().declare(input.name(), input.type()));
        graph.constants().forEach(scope::constant);
        graph.nodes().forEach(node -> process(node, scope, opsets, depth));
    }

    private void process(Node node, NormalScope scope, Map<String, Integer> opsets, int depth) {
        OnnxFunction function = functions.get(node.domain() + "::" + node.operator() + overload(node));
        if (function != null) {
            call(function, node, scope, depth);
            return;
        }
        Node whole = withBodies(node, scope, opsets, depth);
        if (node.domain().isEmpty()) {
            Integer version = opsets.get("");
            if (version == null) {
                throw SaveException.user(
                        node.describe() + " belongs to the standard operators, but the model does not say"
                                + " of which set; its opset_import is incomplete");
            }
            if (!node.outputs().isEmpty()) {
                OpsetUpgrade.apply(whole, version, scope);
                domains.merge("", OpsetUpgrade.since(node), Math::max);
            }
        } else {
            domains.putIfAbsent(node.domain(), opsets.getOrDefault(node.domain(), 1));
            scope.add(whole);
        }
    }

    private void call(OnnxFunction function, Node node, NormalScope scope, int depth) {
        expanded += function.nodes().size();
        if (depth >= DEEPEST_CALL || expanded > MOST_NODES) {
            throw SaveException.user(node.describe() + ": the model's functions call each other "
                    + (depth >= DEEPEST_CALL
                            ? "more than " + DEEPEST_CALL + " deep"
                            : "and make more than " + MOST_NODES + " nodes")
                    + "; function '" + function.qualifiedName() + "' probably calls itself");
        }
        for (Node inner : new FunctionCall(function, node, scope).expand()) {
            process(inner, scope, function.opsets(), depth + 1);
        }
    }

    private Node withBodies(Node node, NormalScope scope, Map<String, Integer> opsets, int depth) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        attributes.replaceAll((name, value) -> {
            if (value instanceof Attribute.Reference) {
                throw SaveException.user(
                        node.describe() + ": attribute '" + name + "' refers to a function but is not in one");
            }
            if (!(value instanceof Attribute.Body body)) {
                return value;
            }
            NormalScope inner = scope.inner();
            fill(body.value(), inner, opsets, depth);
            return new Attribute.Body(inner.finish(body.value(), Map.of()));
        });
        return new Node(node.name(), node.domain(), node.operator(), node.inputs(), node.outputs(), attributes);
    }

    /** The overload that a node calls is a field of the file that means nothing to any other node. */
    private static String overload(Node node) {
        WireReader fields = new WireReader(ByteBuffer.wrap(node.preserved().wire()), "preserved fields");
        while (fields.next()) {
            if (fields.field() == 8) {
                return ":" + fields.text();
            }
            fields.skip();
        }
        return "";
    }
}
