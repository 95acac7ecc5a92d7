package dev.save4j.onnxruntime.gradient;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Writes nodes whose names are not taken in a graph. Constants and shapes are written once. */
final class Emitter {
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Tensor> constants;
    private final Map<String, Term> once = new HashMap<>();
    private final String prefix;
    private final AtomicInteger count;
    private String scope = "";

    /**
     * @param label how the names of nodes and values begin
     */
    Emitter(Graph graph, String label) {
        Set<String> taken = new HashSet<>();
        collect(graph, taken);
        String start = label;
        while (starts(taken, start + "/")) {
            start = start + "_";
        }
        prefix = start + "/";
        constants = new LinkedHashMap<>();
        count = new AtomicInteger();
    }

    private Emitter(Emitter outer) {
        prefix = outer.prefix;
        constants = outer.constants;
        count = outer.count;
        scope = outer.scope;
    }

    /** Writes nodes for the body of a node that this one will write; what both write has different names. */
    Emitter body() {
        return new Emitter(this);
    }

    private static boolean starts(Set<String> names, String start) {
        return names.stream().anyMatch(name -> name.startsWith(start));
    }

    private static void collect(Graph graph, Set<String> names) {
        graph.inputs().forEach(input -> names.add(input.name()));
        names.addAll(graph.constants().keySet());
        names.addAll(graph.parameters().keySet());
        for (Node node : graph.nodes()) {
            names.add(node.name());
            names.addAll(node.outputs());
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Body body) {
                    collect(body.value(), names);
                }
            }
        }
    }

    /** What was written so far, in order; the list stays as it is. */
    List<Node> nodes() {
        return List.copyOf(nodes);
    }

    Map<String, Tensor> constants() {
        return constants;
    }

    /** Names of what is written from now on tell this, the node of the graph they belong to. */
    void scope(Node node) {
        scope = node.name().isEmpty() ? node.operator() : node.name();
    }

    /** Writes again what was written once, for nodes that will stand before it. */
    void forget() {
        once.clear();
    }

    String fresh(String operator) {
        return prefix + (scope.isEmpty() ? "" : scope + "/") + operator + "_" + count.incrementAndGet();
    }

    Term op(String operator, ElementType element, Map<String, Attribute> attributes, Term... operands) {
        return node("", operator, attributes, List.of(operands), List.of(element))
                .get(0);
    }

    List<Term> node(
            String domain,
            String operator,
            Map<String, Attribute> attributes,
            List<Term> operands,
            List<ElementType> elements) {
        List<Term> results = elements.stream()
                .map(element -> new Term(this, fresh(operator), element))
                .toList();
        nodes.add(new Node(
                results.get(0).name(),
                domain,
                operator,
                operands.stream().map(Term::name).toList(),
                results.stream().map(Term::name).toList(),
                new TreeMap<>(attributes)));
        return results;
    }

    /** The same value for what is written here. */
    Term here(Term outer) {
        return new Term(this, outer.name(), outer.element());
    }

    /** An optional operand that is left out. */
    Term absent() {
        return new Term(this, "", ElementType.FLOAT);
    }

    Term constant(Tensor tensor) {
        String name = fresh("constant");
        constants.put(name, tensor);
        return new Term(this, name, tensor.type());
    }

    Term scalar(ElementType element, double value) {
        return once("scalar " + element + value, () -> constant(number(element, value)));
    }

    private static Tensor number(ElementType element, double value) {
        Tensor tensor = Tensor.allocate(element);
        switch (element) {
            case FLOAT -> tensor.bytes().putFloat((float) value);
            case DOUBLE -> tensor.bytes().putDouble(value);
            case FLOAT16 -> tensor.bytes().putShort(half((float) value));
            case INT64 -> tensor.bytes().putLong((long) value);
            case INT32 -> tensor.bytes().putInt((int) value);
            default -> throw SaveException.internal("constants of " + element + " are not written in gradients");
        }
        return tensor;
    }

    /** Rounds to half precision; numbers too small for a normal one become 0. */
    private static short half(float value) {
        int bits = Float.floatToIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
        int exponent = (magnitude >>> 23) - 112;
        return (short)
                (exponent <= 0
                        ? sign
                        : exponent >= 31 ? sign | 0x7c00 : sign | exponent << 10 | magnitude >>> 13 & 0x3ff);
    }

    Term vector(long... values) {
        return once("vector " + Arrays.toString(values), () -> constant(Tensor.vector(values)));
    }

    /** The shape of a value, INT64. */
    Term shapeOf(Term value) {
        return once("shape " + value.name(), () -> op("Shape", ElementType.INT64, Map.of(), value));
    }

    /** What was made under this key before, or now. */
    Term once(String key, Supplier<Term> maker) {
        Term known = once.get(key);
        if (known == null) {
            known = maker.get();
            once.put(key, known);
        }
        return known;
    }

    /** A tensor of one value. */
    Term full(Term shape, ElementType element, double value) {
        Tensor fill = number(element, value).reshaped(1);
        return op("ConstantOfShape", element, Map.of("value", Attribute.of(fill)), shape);
    }

    /** 0, 1, … up to a count (exclusive), which is a scalar, INT64. */
    Term range(Term count) {
        return op(
                "Range",
                ElementType.INT64,
                Map.of(),
                scalar(ElementType.INT64, 0),
                count,
                scalar(ElementType.INT64, 1));
    }
}
