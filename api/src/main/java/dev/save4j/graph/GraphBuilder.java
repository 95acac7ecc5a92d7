package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Builds a {@link Graph}. Arithmetic is written on {@link Value}s; types are inferred and checked at every node, so a mistake is reported where it
 * is made. Not thread-safe.
 *
 * <pre>{@code
 * GraphBuilder g = new GraphBuilder("bradley-terry");
 * Value chosen = g.input("chosen", ElementType.FLOAT, "batch");
 * Value rejected = g.input("rejected", ElementType.FLOAT, "batch");
 * g.output("loss", rejected.sub(chosen).softplus().mean());
 * }</pre>
 */
public final class GraphBuilder {
    private final String name;
    private final Map<String, Integer> opsets = new TreeMap<>(Map.of("", Graph.OPSET));
    private final Map<String, ValueInfo> inputs = new LinkedHashMap<>();
    private final Map<String, TensorType> outputs = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Tensor> constants = new LinkedHashMap<>();
    private final Map<String, TensorType> parameters = new LinkedHashMap<>();
    private final Map<String, Value> scalars = new HashMap<>();
    private final Set<String> produced = new HashSet<>();
    private final Map<String, String> renamed = new HashMap<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> nodeNames = new HashSet<>();
    private final Map<String, Integer> counters = new HashMap<>();
    private final Deque<String> scopes = new ArrayDeque<>();

    public GraphBuilder(String name) {
        this.name = name;
    }

    /** Runs {@code part} with a prefix on the names of the nodes and values it makes, as in {@code layers.0/}. */
    public <T> T scoped(String scope, java.util.function.Supplier<T> part) {
        scopes.addLast(scope);
        try {
            return part.get();
        } finally {
            scopes.removeLast();
        }
    }

    /**
     * Declares an input.
     *
     * @param sizes integers for fixed sizes, strings for named ones
     */
    public Value input(String input, ElementType element, Object... sizes) {
        return input(input, TensorType.of(element, sizes));
    }

    public Value input(String input, TensorType type) {
        claim(input, "input");
        inputs.put(input, new ValueInfo(input, type));
        return new Value(this, input, type);
    }

    /** The input of that name, declared before or now. */
    public Value inputOnce(String input, ElementType element, Object... sizes) {
        ValueInfo known = inputs.get(input);
        if (known == null) {
            return input(input, element, sizes);
        }
        if (!known.type().equals(TensorType.of(element, sizes))) {
            throw SaveException.internal("graph '" + name + "': input '" + input + "' is declared as " + known.type()
                    + " and as " + TensorType.of(element, sizes));
        }
        return new Value(this, input, known.type());
    }

    /** A weight of the store by name; asking again for the same name gives the same weight (tied weights). */
    public Value parameter(String parameter, long... shape) {
        Object[] sizes = java.util.Arrays.stream(shape).boxed().toArray();
        return parameter(parameter, TensorType.of(ElementType.FLOAT, sizes));
    }

    public Value parameter(String parameter, TensorType type) {
        TensorType known = parameters.get(parameter);
        if (known == null) {
            claim(parameter, "weight");
            parameters.put(parameter, type);
        } else if (!known.equals(type)) {
            throw SaveException.user(
                    "graph '" + name + "': weight '" + parameter + "' is used as " + known + " and as " + type);
        }
        return new Value(this, parameter, type);
    }

    /** A constant tensor that belongs to the graph. */
    public Value constant(String label, Tensor tensor) {
        String constant = fresh(label);
        constants.put(constant, tensor);
        return new Value(this, constant, typeOf(tensor));
    }

    public Value scalar(double value) {
        return scalars.computeIfAbsent("f" + value, key -> constant("scalar", Tensor.scalar((float) value)));
    }

    public Value scalar(long value) {
        return scalars.computeIfAbsent("i" + value, key -> constant("scalar", Tensor.scalar(value)));
    }

    /** A constant vector of 64-bit integers. */
    public Value vector(long... values) {
        return scalars.computeIfAbsent(
                java.util.Arrays.toString(values), key -> constant("vector", Tensor.vector(values)));
    }

    /** The constant behind a value, if it is one. */
    java.util.Optional<Tensor> constantOf(Value value) {
        return java.util.Optional.ofNullable(constants.get(value.name()));
    }

    /** A node of the standard domain with one output. */
    public Value op(String operator, List<Value> operands, Map<String, Attribute> attributes) {
        return op("", operator, operands, attributes);
    }

    public Value op(String operator, Value... operands) {
        return op("", operator, List.of(operands), Map.of());
    }

    /** A node with one output whose type is inferred. */
    public Value op(String domain, String operator, List<Value> operands, Map<String, Attribute> attributes) {
        return node(
                        domain,
                        operator,
                        operands,
                        attributes,
                        TypeInference.infer(this, domain, operator, operands, attributes))
                .get(0);
    }

    /** A node whose output types the caller knows. Use {@link #absent()} for an optional operand that is left out. */
    public List<Value> node(
            String domain,
            String operator,
            List<Value> operands,
            Map<String, Attribute> attributes,
            List<TensorType> types) {
        List<String> results = types.stream().map(type -> fresh(operator)).toList();
        return node(domain, operator, operands, attributes, types, results);
    }

    /**
     * A node whose outputs get the given names, as ONNX Runtime wants for key-value caches. An empty name leaves an optional output out.
     */
    public List<Value> node(
            String domain,
            String operator,
            List<Value> operands,
            Map<String, Attribute> attributes,
            List<TensorType> types,
            List<String> results) {
        for (Value operand : operands) {
            if (operand.builder() != this) {
                throw SaveException.internal(
                        "graph '" + name + "': " + operator + " is given " + operand + " of another graph");
            }
        }
        opsets.putIfAbsent(domain, 1);
        for (Attribute attribute : attributes.values()) {
            if (attribute instanceof Attribute.Body body) {
                names.addAll(GraphNames.defined(body.value()));
            }
        }
        List<Value> values = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            if (!results.get(i).isEmpty()) {
                if (!names.contains(results.get(i))) {
                    claim(results.get(i), "value");
                }
                produced.add(results.get(i));
            }
            values.add(new Value(this, results.get(i), types.get(i)));
        }
        nodes.add(new Node(
                nodeName(results.get(0)),
                domain,
                operator,
                operands.stream().map(Value::name).toList(),
                results,
                // Map.of has another order in every JVM; sorted, the same graph is the same bytes.
                new TreeMap<>(attributes)));
        return values;
    }

    /** Stands for an optional operand that is left out. */
    public Value absent() {
        return new Value(this, "", TensorType.of(ElementType.FLOAT));
    }

    public Value concat(int axis, Value... parts) {
        return concat(axis, List.of(parts));
    }

    public Value concat(int axis, List<Value> parts) {
        return op("Concat", parts, Map.of("axis", Attribute.of(axis)));
    }

    /**
     * Copies the nodes of another graph into this one.
     *
     * @param bound values for the inputs of {@code other}; an input that is not bound becomes an input of this graph with the same name
     * @return the outputs of {@code other} by name
     */
    public Map<String, Value> include(Graph other, Map<String, Value> bound) {
        other.opsets().forEach((domain, version) -> {
            Integer known = opsets.putIfAbsent(domain, version);
            if (known != null && !known.equals(version)) {
                throw SaveException.internal(
                        "graph '" + other.name() + "' uses version " + version + " of the operators '" + domain
                                + "', graph '" + name + "' version " + known + "; normalise it first");
            }
        });
        Map<String, String> mapped = new HashMap<>(Map.of("", ""));
        Map<String, Value> results = new LinkedHashMap<>();
        for (ValueInfo input : other.inputs()) {
            Value value = bound.get(input.name());
            if (value == null) {
                ValueInfo known = inputs.get(input.name());
                value = known == null ? input(input.name(), input.type()) : new Value(this, known.name(), known.type());
            }
            if (value.type().element() != input.type().element()
                    || value.type().rank() != input.type().rank()) {
                throw SaveException.internal("graph '" + name + "': input '" + input.name() + "' of '" + other.name()
                        + "' is " + input.type() + " but is given " + value);
            }
            mapped.put(input.name(), value.name());
        }
        bound.keySet().forEach(other::input);
        other.parameters()
                .forEach((parameter, type) ->
                        mapped.put(parameter, parameter(parameter, type).name()));
        other.constants()
                .forEach((constant, tensor) ->
                        mapped.put(constant, constant(constant, tensor).name()));
        for (Node node : other.nodes()) {
            List<String> ins = node.inputs().stream().map(mapped::get).toList();
            List<String> outs = new ArrayList<>();
            Map<String, Attribute> attributes = new BodyCopy(this::fresh).attributes(node.attributes(), mapped);
            for (String output : node.outputs()) {
                String result = output.isEmpty() ? "" : fresh(output);
                mapped.put(output, result);
                produced.add(result);
                outs.add(result);
            }
            nodes.add(new Node(
                    nodeName(node.name()), node.domain(), node.operator(), ins, outs, attributes, node.preserved()));
        }
        for (ValueInfo output : other.outputs()) {
            results.put(
                    output.name(), new Value(this, Objects.requireNonNull(mapped.get(output.name())), output.type()));
        }
        return results;
    }

    /** Declares an output. */
    public void output(String output, Value value) {
        if (value.builder() != this) {
            throw SaveException.internal("graph '" + name + "': output '" + output + "' belongs to another graph");
        }
        Value result = value;
        if (!value.name().equals(output)) {
            if (!produced.contains(value.name())
                    || renamed.containsKey(value.name())
                    || outputs.containsKey(value.name())) {
                result = value.identity();
            }
            claim(output, "output");
            renamed.put(result.name(), output);
        }
        outputs.put(output, result.type());
    }

    public Graph build() {
        if (outputs.isEmpty()) {
            throw SaveException.internal("graph '" + name + "' has no outputs");
        }
        List<Node> finished = nodes.stream()
                .map(node -> BodyCopy.substitute(node, renamed))
                .map(node -> new Node(
                        node.name(),
                        node.domain(),
                        node.operator(),
                        node.inputs(),
                        node.outputs().stream()
                                .map(output -> renamed.getOrDefault(output, output))
                                .toList(),
                        node.attributes(),
                        node.preserved()))
                .toList();
        List<ValueInfo> results = outputs.entrySet().stream()
                .map(output -> new ValueInfo(output.getKey(), output.getValue()))
                .toList();
        return new Graph(name, opsets, List.copyOf(inputs.values()), results, finished, constants, parameters);
    }

    private String fresh(String label) {
        String prefix = scopes.isEmpty() ? label : String.join("/", scopes) + "/" + label;
        String candidate;
        do {
            int count = counters.merge(prefix, 1, Integer::sum);
            candidate = count == 1 ? prefix : prefix + "_" + count;
        } while (!names.add(candidate));
        return candidate;
    }

    private void claim(String wanted, String role) {
        if (wanted.isEmpty() || !names.add(wanted)) {
            throw SaveException.internal(
                    "graph '" + name + "': the name '" + wanted + "' of this " + role + " is empty or taken");
        }
    }

    /** ONNX Runtime refuses two nodes of one name, which graphs that are included may have. */
    private String nodeName(String wanted) {
        String candidate = wanted;
        for (int count = 2; !wanted.isEmpty() && !nodeNames.add(candidate); count++) {
            candidate = wanted + "_" + count;
        }
        return candidate;
    }

    private static TensorType typeOf(Tensor tensor) {
        return TensorType.of(
                tensor.type(), java.util.Arrays.stream(tensor.shape()).boxed().toArray());
    }
}
