package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The variant of a graph in which every product of activations and a weight is one of 8-bit integers, see {@link Int8Weight}. Each row of the
 * activations, one token, gets a scale of its own, {@code max |x| / 127}: with one for all rows, as DynamicQuantizeMatMul has it, what is computed of a
 * sequence would depend on those beside it. Sums are exact integers, so their order does not matter either.
 */
final class Int8Linears {
    private static final String ONE = "int8/one";
    private static final String STEP = "int8/step";
    private static final String LEAST = "int8/least";
    private static final String LAST = "int8/last";
    private static final String ZERO = "int8/zero";

    private final Graph graph;
    private final Set<String> kept;
    private final Map<Linear, Int8Weight> weights;

    /** A weight as a product reads it. */
    private record Linear(String weight, boolean transposed) {
        String values() {
            return weight + (transposed ? "/int8" : "/int8/columns");
        }

        String scales() {
            return values() + "/scales";
        }
    }

    private Int8Linears(Graph graph, Set<String> kept, Map<Linear, Int8Weight> weights) {
        this.graph = graph;
        this.kept = kept;
        this.weights = weights;
    }

    /** A USER error when the graph has no product of activations and a weight. */
    static Int8Linears of(Graph graph) {
        Map<Linear, Int8Weight> weights = new LinkedHashMap<>();
        List<Node> nodes = new ArrayList<>();
        Set<String> quantized = new HashSet<>();
        Set<String> kept = new HashSet<>();
        for (Node node : graph.nodes()) {
            if (isLinear(graph, node)) {
                Linear linear = new Linear(node.inputs().get(1), node.integer("transB", 0) == 1);
                TensorType type = Objects.requireNonNull(graph.parameters().get(linear.weight()), linear.weight());
                weights.computeIfAbsent(linear, one -> new Int8Weight(type.fixedShape(), one.transposed()));
                String input = node.inputs().get(0);
                if (quantized.add(input)) {
                    quantizeRows(input, nodes);
                }
                multiply(node, input, linear, nodes);
            } else {
                nodes.add(node);
                kept.addAll(node.reads());
            }
        }
        if (weights.isEmpty()) {
            throw SaveException.user("graph '" + graph.name()
                    + "' cannot be sampled from in int8: it has no MatMul or FusedMatMul of a FLOAT weight with two axes;"
                    + " take float32");
        }
        graph.outputs().forEach(output -> kept.add(output.name()));
        kept.retainAll(graph.parameters().keySet());
        return new Int8Linears(with(graph, nodes, kept, weights), kept, weights);
    }

    private static boolean isLinear(Graph graph, Node node) {
        boolean product = node.qualifiedOperator().equals("MatMul")
                || node.operator().equals("FusedMatMul")
                        && node.integer("transA", 0) == 0
                        && node.integer("transBatchA", 0) == 0
                        && node.integer("transBatchB", 0) == 0
                        && node.real("alpha", 1) == 1;
        TensorType weight = product ? graph.parameters().get(node.inputs().get(1)) : null;
        return weight != null
                && !graph.parameters().containsKey(node.inputs().get(0))
                && weight.element() == ElementType.FLOAT
                && weight.rank() == 2;
    }

    private static Graph with(Graph graph, List<Node> nodes, Set<String> kept, Map<Linear, Int8Weight> weights) {
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        parameters.keySet().retainAll(kept);
        weights.forEach((linear, weight) -> {
            parameters.put(linear.values(), type(weight.values()));
            parameters.put(linear.scales(), type(weight.scales()));
        });
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        constants.put(ONE, Tensor.scalar(1f));
        constants.put(STEP, Tensor.scalar(1f / Int8Weight.LARGEST));
        // A row of zeros is divided by its scale as well.
        constants.put(LEAST, Tensor.scalar(Float.MIN_NORMAL));
        constants.put(LAST, Tensor.vector(-1));
        Tensor zero = Tensor.allocate(ElementType.UINT8);
        zero.bytes().put(0, (byte) Int8Weight.ZERO);
        constants.put(ZERO, zero);
        Map<String, Integer> opsets = new LinkedHashMap<>(graph.opsets());
        opsets.putIfAbsent(Node.MICROSOFT, 1);
        return new Graph(
                graph.name(), opsets, graph.inputs(), graph.outputs(), nodes, constants, parameters, graph.preserved());
    }

    private static TensorType type(Tensor tensor) {
        List<Object> shape = new ArrayList<>();
        for (long size : tensor.shape()) {
            shape.add(size);
        }
        return TensorType.of(tensor.type(), shape.toArray());
    }

    private static String scale(String input) {
        return input + "/int8/scale";
    }

    private static void quantizeRows(String input, List<Node> nodes) {
        String at = input + "/int8";
        nodes.add(node("", "Abs", List.of(input), at + "/abs", Map.of()));
        nodes.add(node("", "ReduceMax", List.of(at + "/abs", LAST), at + "/max", Map.of("keepdims", Attribute.of(1))));
        nodes.add(node("", "Mul", List.of(at + "/max", STEP), at + "/step", Map.of()));
        nodes.add(node("", "Max", List.of(at + "/step", LEAST), scale(input), Map.of()));
        nodes.add(node("", "Div", List.of(input, scale(input)), at + "/scaled", Map.of()));
        nodes.add(node(Node.MICROSOFT, "QuantizeLinear", List.of(at + "/scaled", ONE, ZERO), at, Map.of()));
    }

    private static void multiply(Node node, String input, Linear linear, List<Node> nodes) {
        String product = node.outputs().get(0);
        nodes.add(node(
                Node.MICROSOFT,
                "MatMulIntegerToFloat",
                List.of(input + "/int8", linear.values(), ONE, linear.scales(), ZERO, ZERO),
                product + "/int8/product",
                Map.of()));
        nodes.add(node("", "Mul", List.of(product + "/int8/product", scale(input)), product, Map.of()));
    }

    private static Node node(
            String domain, String operator, List<String> inputs, String output, Map<String, Attribute> attributes) {
        return new Node(output, domain, operator, inputs, List.of(output), attributes);
    }

    /** The same inputs and outputs; its weights are those of {@link #quantize}. */
    Graph graph() {
        return graph;
    }

    /**
     * The weights of {@link #graph()} as they are now: those of products in 8 bits, in memory that the next call writes again, the others themselves.
     * The caller holds the store's read lease.
     *
     * @param threads that share the work
     */
    WeightStore quantize(WeightStore store, int threads) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        kept.forEach(name -> all.put(name, store.get(name)));
        List<Map.Entry<Linear, Int8Weight>> linears = List.copyOf(weights.entrySet());
        AtomicInteger next = new AtomicInteger();
        try (Crew crew = new Crew(threads)) {
            crew.run(
                    member -> {
                        for (int i = next.getAndIncrement(); i < linears.size(); i = next.getAndIncrement()) {
                            Map.Entry<Linear, Int8Weight> one = linears.get(i);
                            String name = one.getKey().weight();
                            one.getValue().fill(name, store.get(name));
                        }
                    },
                    threads);
        } catch (OrtException impossible) {
            throw SaveException.internal("weights were not quantised: " + impossible.getMessage(), impossible);
        }
        weights.forEach((linear, weight) -> {
            all.put(linear.values(), weight.values());
            all.put(linear.scales(), weight.scales());
        });
        return new WeightStore(all);
    }
}
