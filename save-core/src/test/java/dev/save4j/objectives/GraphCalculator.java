package dev.save4j.objectives;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Evaluates graphs of objectives in double precision, one node after the other, and differentiates them by central differences. It knows the
 * operators that objectives are made of and no others.
 */
final class GraphCalculator {
    private GraphCalculator() {}

    /** Every output by name. */
    static Map<String, Array> run(Graph graph, Map<String, Array> inputs) {
        return run(graph, inputs, new HashMap<>());
    }

    /** The gradient of {@code loss} with respect to one input. What passes StopGradient is held. */
    static Array gradient(Graph graph, Map<String, Array> inputs, String wrt) {
        double step = 1e-5;
        Map<String, Array> held = new HashMap<>();
        run(graph, inputs, held);
        Array at = inputs.get(wrt);
        double[] gradient = new double[at.data().length];
        for (int i = 0; i < gradient.length; i++) {
            double[] sides = new double[2];
            for (int side = 0; side < 2; side++) {
                double[] moved = at.data().clone();
                moved[i] += side == 0 ? step : -step;
                Map<String, Array> changed = new HashMap<>(inputs);
                changed.put(wrt, new Array(moved, at.shape()));
                sides[side] =
                        run(graph, changed, new HashMap<>(held)).get("loss").item();
            }
            gradient[i] = (sides[0] - sides[1]) / (2 * step);
        }
        return new Array(gradient, at.shape());
    }

    private static Map<String, Array> run(Graph graph, Map<String, Array> inputs, Map<String, Array> held) {
        Map<String, Array> values = new HashMap<>();
        for (ValueInfo input : graph.inputs()) {
            Array given = inputs.get(input.name());
            if (given == null || given.shape().length != input.type().rank()) {
                throw new AssertionError("input " + input + " is given " + given);
            }
            values.put(input.name(), given);
        }
        if (!values.keySet().equals(inputs.keySet())) {
            throw new AssertionError("inputs are " + values.keySet() + " but given are " + inputs.keySet());
        }
        graph.constants().forEach((name, tensor) -> values.put(name, Array.of(tensor)));
        for (Node node : graph.nodes()) {
            List<Array> operands = new ArrayList<>();
            node.inputs().forEach(name -> operands.add(values.get(name)));
            String output = node.outputs().get(0);
            Array result = node.operator().equals("StopGradient")
                    ? held.computeIfAbsent(output, key -> operands.get(0))
                    : apply(node, operands);
            values.put(output, result);
        }
        Map<String, Array> outputs = new LinkedHashMap<>();
        graph.outputs().forEach(output -> outputs.put(output.name(), values.get(output.name())));
        return outputs;
    }

    private static Array apply(Node node, List<Array> x) {
        Array a = x.get(0);
        return switch (node.operator()) {
            case "Add" -> a.with(x.get(1), Double::sum);
            case "Sub" -> a.with(x.get(1), (p, q) -> p - q);
            case "Mul" -> a.with(x.get(1), (p, q) -> p * q);
            case "Div" -> a.with(x.get(1), (p, q) -> p / q);
            case "Min" -> a.with(x.get(1), Math::min);
            case "Max" -> a.with(x.get(1), Math::max);
            case "Greater" -> a.with(x.get(1), (p, q) -> p > q ? 1 : 0);
            case "Less" -> a.with(x.get(1), (p, q) -> p < q ? 1 : 0);
            case "And" -> a.with(x.get(1), (p, q) -> p * q);
            case "Where" ->
                a.with(x.get(1), (c, p) -> c > 0 ? p : 0).with(a.with(x.get(2), (c, q) -> c > 0 ? 0 : q), Double::sum);
            case "Cast", "Identity" -> a;
            case "Neg" -> a.map(p -> -p);
            case "Exp" -> a.map(Math::exp);
            case "Log" -> a.map(Math::log);
            case "Relu" -> a.map(p -> Math.max(0, p));
            case "Softplus" -> a.map(p -> Math.max(p, 0) + Math.log1p(Math.exp(-Math.abs(p))));
            case "Clip" ->
                a.map(p -> Math.max(x.get(1).item(), Math.min(x.get(2).item(), p)));
            case "ReduceSum" -> reduce(node, x, 0, Double::sum);
            case "ReduceMax" -> reduce(node, x, Double.NEGATIVE_INFINITY, Math::max);
            case "Reshape" -> a.reshaped(integers(x.get(1)));
            case "Unsqueeze" -> a.reshaped(inserted(a.shape(), integers(x.get(1))[0]));
            case "Squeeze" -> a.reshaped(removed(a.shape(), integers(x.get(1))[0]));
            case "Slice" -> a.slice(integers(x.get(3))[0], integers(x.get(1))[0], integers(x.get(2))[0]);
            default -> throw new AssertionError("the calculator does not know " + node.operator());
        };
    }

    private static Array reduce(
            Node node, List<Array> x, double start, java.util.function.DoubleBinaryOperator operator) {
        boolean keep = ((Attribute.Int) node.attributes().get("keepdims")).value() == 1;
        Array a = x.get(0);
        if (x.size() == 1) {
            return Array.of(new double[] {Arrays.stream(a.data()).reduce(start, operator)});
        }
        int axis = integers(x.get(1))[0];
        Array folded = a.fold(axis, start, operator);
        return keep ? folded : folded.reshaped(removed(folded.shape(), axis));
    }

    private static int[] integers(Array array) {
        return Arrays.stream(array.data()).mapToInt(value -> (int) value).toArray();
    }

    private static int[] inserted(int[] shape, int axis) {
        int[] result = new int[shape.length + 1];
        for (int i = 0, j = 0; i < result.length; i++) {
            result[i] = i == axis ? 1 : shape[j++];
        }
        return result;
    }

    private static int[] removed(int[] shape, int axis) {
        int[] result = new int[shape.length - 1];
        for (int i = 0, j = 0; i < shape.length; i++) {
            if (i != axis) {
                result[j++] = shape[i];
            }
        }
        return result;
    }
}
