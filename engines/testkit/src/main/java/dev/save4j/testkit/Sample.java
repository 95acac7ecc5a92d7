package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.testkit.reference.Numbers;
import dev.save4j.testkit.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One operator applied to concrete operands, from which the kit makes a forward case and, when it is smooth, a gradient case.
 *
 * @param opset version of the standard operators
 * @param label says what is special, unique for the operator
 * @param results how many results the node has
 * @param judged how many of them are outputs of the graph and compared
 * @param smooth whether the operator is differentiable at these operands
 */
record Sample(
        String domain,
        String operator,
        int opset,
        String label,
        List<Operand> operands,
        Map<String, Attribute> attributes,
        int results,
        int judged,
        boolean smooth) {
    /** What an operand is in the graph. */
    enum Role {
        /** Left out. */
        ABSENT,
        /** A weight when gradients are checked, an input otherwise. */
        DATA,
        /** An input. */
        INPUT,
        /** A constant of the graph. */
        CONSTANT
    }

    /**
     * @param value empty when it is left out
     */
    record Operand(Role role, Optional<Numbers> value) {}

    /** Operators that have operands or results in single precision whatever the element type of the others. */
    private static final Set<String> SINGLE_BESIDE_DOUBLE = Set.of(
            "DequantizeLinear",
            "DynamicQuantizeLinear",
            "DynamicQuantizeMatMul",
            "LayerNormalization",
            "MatMulIntegerToFloat",
            "MatMulNBits",
            "QLinearConv",
            "QLinearMatMul",
            "QuantizeLinear",
            "Resize");

    Sample {
        operands = List.copyOf(operands);
        attributes = new TreeMap<>(attributes);
    }

    String qualifiedOperator() {
        return domain.isEmpty() ? operator : domain + "::" + operator;
    }

    String name() {
        return qualifiedOperator() + ", " + label;
    }

    boolean hasData() {
        return operands.stream().anyMatch(operand -> operand.role() == Role.DATA);
    }

    private String operand(int index) {
        return operands.get(index).role() == Role.ABSENT ? "" : "x" + index;
    }

    private Node node() {
        List<String> inputs = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            inputs.add(operand(i));
        }
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < results; i++) {
            outputs.add("y" + i);
        }
        return new Node("sample", domain, operator, inputs, outputs, attributes);
    }

    /** What the reference computes, by the names of the judged results. */
    Map<String, Numbers> expected() {
        Node node = node();
        List<Numbers> computed = ReferenceInterpreter.run(
                node, operands.stream().map(Operand::value).toList());
        Map<String, Numbers> expected = new LinkedHashMap<>();
        for (int i = 0; i < judged; i++) {
            expected.put(node.outputs().get(i), computed.get(i));
        }
        return expected;
    }

    /** The values of all operands with this role by name. */
    Map<String, Numbers> values(Role role) {
        Map<String, Numbers> values = new LinkedHashMap<>();
        for (int i = 0; i < operands.size(); i++) {
            if (operands.get(i).role() == role) {
                values.put(operand(i), operands.get(i).value().orElseThrow());
            }
        }
        return values;
    }

    /**
     * The graph of this one node.
     *
     * @param trained whether data operands are weights
     */
    Graph graph(boolean trained) {
        List<ValueInfo> inputs = new ArrayList<>();
        Map<String, TensorType> parameters = new LinkedHashMap<>();
        values(Role.DATA).forEach((name, value) -> {
            if (trained) {
                parameters.put(name, Losses.typeOf(value));
            } else {
                inputs.add(new ValueInfo(name, Losses.typeOf(value)));
            }
        });
        values(Role.INPUT).forEach((name, value) -> inputs.add(new ValueInfo(name, Losses.typeOf(value))));
        Map<String, Tensor> constants = new LinkedHashMap<>();
        values(Role.CONSTANT).forEach((name, value) -> constants.put(name, value.toTensor()));
        List<ValueInfo> outputs = new ArrayList<>();
        expected().forEach((name, value) -> outputs.add(new ValueInfo(name, Losses.typeOf(value))));
        Map<String, Integer> opsets = new TreeMap<>(Map.of("", opset));
        opsets.putIfAbsent(domain, 1);
        return new Graph(name(), opsets, inputs, outputs, List.of(node()), constants, parameters);
    }

    /** Graphs of this one node in which the operands of one type have another instead: one graph for each type that operands have. */
    Stream<Graph> withElement(ElementType element) {
        Graph graph = graph(false);
        return operands.stream()
                .flatMap(operand -> operand.value().map(Numbers::type).stream())
                .distinct()
                .map(present -> withElement(graph, present, element));
    }

    /** Inputs are cast: an engine need not take every type from outside. */
    private static Graph withElement(Graph graph, ElementType present, ElementType element) {
        if (present == element) {
            return graph;
        }
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        constants.replaceAll(
                (name, tensor) -> tensor.type() == present ? Tensor.allocate(element, tensor.shape()) : tensor);
        List<Node> nodes = new ArrayList<>();
        Map<String, String> cast = new LinkedHashMap<>();
        for (ValueInfo input : graph.inputs()) {
            if (input.type().element() == present) {
                String name = input.name() + "/cast";
                cast.put(input.name(), name);
                nodes.add(new Node(
                        name,
                        "",
                        "Cast",
                        List.of(input.name()),
                        List.of(name),
                        Map.of("to", Attribute.of(element.onnxCode()))));
            }
        }
        for (Node node : graph.nodes()) {
            List<String> inputs = node.inputs().stream()
                    .map(name -> cast.getOrDefault(name, name))
                    .toList();
            nodes.add(new Node(node.name(), node.domain(), node.operator(), inputs, node.outputs(), node.attributes()));
        }
        Graph changed = new Graph(
                graph.name(), graph.opsets(), graph.inputs(), graph.outputs(), nodes, constants, graph.parameters());
        ElementTypes types = new ElementTypes(changed);
        List<ValueInfo> outputs = graph.outputs().stream()
                .map(output -> new ValueInfo(output.name(), output.type().withElement(types.of(output.name()))))
                .toList();
        return new Graph(graph.name(), graph.opsets(), graph.inputs(), outputs, nodes, constants, graph.parameters());
    }

    /** The same in double precision, where that is more than another element type of all floating operands. */
    Optional<Sample> inDoublePrecision() {
        boolean plain = smooth
                && !SINGLE_BESIDE_DOUBLE.contains(operator)
                && attributes.values().stream().noneMatch(Attribute.Body.class::isInstance)
                && operands.stream().anyMatch(Sample::isSingle);
        if (!plain) {
            return Optional.empty();
        }
        List<Operand> converted = operands.stream()
                .map(operand -> isSingle(operand)
                        ? new Operand(operand.role(), operand.value().map(v -> v.withType(ElementType.DOUBLE)))
                        : operand)
                .toList();
        return Optional.of(
                new Sample(domain, operator, opset, label + ", DOUBLE", converted, attributes, results, judged, true));
    }

    private static boolean isSingle(Operand operand) {
        return operand.value()
                .filter(value -> value.type() == ElementType.FLOAT)
                .isPresent();
    }

    /** The forward case, judged by the reference. */
    OperatorCase forward() {
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        values(Role.DATA).forEach((name, value) -> inputs.put(name, value.toTensor()));
        values(Role.INPUT).forEach((name, value) -> inputs.put(name, value.toTensor()));
        Map<String, Tensor> expected = new LinkedHashMap<>();
        expected().forEach((name, value) -> expected.put(name, value.toTensor()));
        return new OperatorCase(name(), graph(false), Map.of(), inputs, expected, Tolerance.GENERATED);
    }
}
