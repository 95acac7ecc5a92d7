package dev.save4j.onnxruntime.gradient;

import dev.save4j.SaveException;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** One node as its rule sees it: operands, results, the derivatives by the results, and where those by the operands go. */
final class Step {
    private final Node node;
    private final Emitter emitter;
    private final Types types;
    private final Predicate<String> wanted;
    private final Map<String, Slope> slopes;
    private final boolean parallel;
    private final Map<Integer, String> extraOutputs = new HashMap<>();

    Step(
            Node node,
            Emitter emitter,
            Types types,
            Predicate<String> wanted,
            Map<String, Slope> slopes,
            boolean parallel) {
        this.node = node;
        this.emitter = emitter;
        this.types = types;
        this.wanted = wanted;
        this.slopes = slopes;
        this.parallel = parallel;
    }

    Node node() {
        return node;
    }

    Emitter emitter() {
        return emitter;
    }

    int count() {
        return node.inputs().size();
    }

    boolean has(int operand) {
        return node.hasInput(operand);
    }

    /** Whether the loss depends on a weight through this operand. */
    boolean wants(int operand) {
        return has(operand) && wanted.test(node.inputs().get(operand));
    }

    ValueType type(int operand) {
        return types.of(node.inputs().get(operand));
    }

    ValueType resultType(int result) {
        return types.of(node.outputs().get(result));
    }

    Term input(int operand) {
        String name = node.inputs().get(operand);
        return new Term(emitter, name, types.of(name).element());
    }

    /** A result of the node. */
    Term output(int result) {
        String name = node.outputs().get(result);
        return new Term(emitter, name, types.of(name).element());
    }

    /** A result that the node may leave out; it is added to the node then. */
    Term output(int result, ElementType element) {
        if (node.hasOutput(result)) {
            return output(result);
        }
        String name = extraOutputs.computeIfAbsent(result, key -> emitter.fresh("result"));
        return new Term(emitter, name, element);
    }

    /** The node with the results that were asked for. */
    Node extended() {
        if (extraOutputs.isEmpty()) {
            return node;
        }
        List<String> outputs = new ArrayList<>(node.outputs());
        extraOutputs.forEach((index, name) -> {
            while (outputs.size() <= index) {
                outputs.add("");
            }
            outputs.set(index, name);
        });
        return new Node(
                node.name(),
                node.domain(),
                node.operator(),
                node.inputs(),
                outputs,
                node.attributes(),
                node.preserved());
    }

    /** The derivative by the first result. */
    Term slope() {
        return slope(0).orElseGet(() -> zeros(node.outputs().get(0)));
    }

    /** The derivative by a result, empty when the loss does not depend on it. */
    Optional<Term> slope(int result) {
        if (!node.hasOutput(result)) {
            return Optional.empty();
        }
        String name = node.outputs().get(result);
        Slope slope = slopes.get(name);
        return slope == null ? Optional.empty() : Optional.of(slope.dense(() -> zeros(name)));
    }

    /** As {@link #slope(int)}, with zeros when the loss does not depend on the result. */
    Term slopeOrZeros(int result) {
        return slope(result).orElseGet(() -> zeros(node.outputs().get(result)));
    }

    /** The derivative by the first result, if it is nothing but numbers at positions along an axis. */
    Optional<Slope.Scattered> scatteredSlope(int axis) {
        Slope slope = slopes.get(node.outputs().get(0));
        return slope == null ? Optional.empty() : slope.onlyScattered(axis);
    }

    private Term zeros(String value) {
        return emitter.full(shape(value), types.of(value).element(), 0);
    }

    /** The shape of an operand: a constant when it is known. */
    Term shape(int operand) {
        return shape(node.inputs().get(operand));
    }

    private Term shape(String value) {
        ValueType type = types.of(value);
        return type.fixed()
                .map(emitter::vector)
                .orElseGet(() -> emitter.shapeOf(new Term(emitter, value, type.element())));
    }

    /** Some sizes of an operand, INT64. */
    Term sizes(int operand, int from, int to) {
        ValueType type = type(operand);
        List<Size> wantedSizes = type.sizes().orElseThrow().subList(from, to);
        if (wantedSizes.stream().allMatch(Size::isFixed)) {
            return emitter.vector(wantedSizes.stream().mapToLong(Size::factor).toArray());
        }
        Term shape = shape(operand);
        return from == 0 && to == type.rank()
                ? shape
                : emitter.once("part " + shape.name() + from + ":" + to, () -> shape.part(from, to));
    }

    /** The number of axes of an operand; a USER error when the graph does not say it. */
    int rank(int operand) {
        ValueType type = type(operand);
        if (!type.isRanked()) {
            throw SaveException.user(node.describe() + ": the graph does not say how many axes its operand '"
                    + node.inputs().get(operand)
                    + "' has, which its gradient needs; export the model with fixed ranks");
        }
        return type.rank();
    }

    /** The axis named by an attribute, counted from the start. */
    int axis(String attribute, long orElse) {
        return Shapes.axis(node, node.integer(attribute, orElse), rank(0));
    }

    /** The value of an integer operand, if it is the same in every run. */
    Optional<long[]> constant(int operand) {
        return has(operand) ? types.fixedIntegers(node.inputs().get(operand)) : Optional.empty();
    }

    /** The value of a floating operand of one element that is a constant of the graph. */
    Optional<Double> constantNumber(int operand) {
        return has(operand) ? types.number(node.inputs().get(operand)) : Optional.empty();
    }

    boolean flag(String attribute, boolean orElse) {
        return node.integer(attribute, orElse ? 1 : 0) != 0;
    }

    /** A derivative of the operand's own shape. */
    void give(int operand, Term derivative) {
        if (wants(operand)) {
            target(operand).add(derivative);
        }
    }

    /** A derivative that is 0 but for some positions. */
    void give(int operand, Slope.Scattered derivative) {
        if (wants(operand)) {
            target(operand).add(derivative);
        }
    }

    /** A derivative that is written onto the sum of all others. */
    void give(int operand, UnaryOperator<Term> writer) {
        if (wants(operand)) {
            target(operand).add(writer);
        }
    }

    private Slope target(int operand) {
        return slopes.computeIfAbsent(node.inputs().get(operand), key -> new Slope());
    }

    /**
     * A derivative of the shape of the first result, to which the operand was broadcast: summed over the axes along which it was repeated.
     */
    void giveSummed(int operand, Term derivative) {
        if (wants(operand)) {
            give(operand, summed(derivative, resultType(0), operand));
        }
    }

    /** A derivative of another shape, summed to that of the operand. */
    Term summed(Term derivative, ValueType from, int operand) {
        return summed(derivative, from, type(operand), () -> shape(operand));
    }

    /**
     * A derivative summed over the axes along which a value was repeated.
     *
     * @param shape of that value, asked for when its sizes are not known
     */
    Term summed(Term derivative, ValueType from, ValueType to, Supplier<Term> shape) {
        if (!from.isRanked() || !to.isRanked()) {
            return summedAtRunTime(derivative, shape.get());
        }
        int lead = from.rank() - to.rank();
        List<Integer> axes = new ArrayList<>(IntStream.range(0, lead).boxed().toList());
        for (int axis = 0; axis < to.rank(); axis++) {
            Size size = to.size(axis);
            Size whole = from.size(axis + lead);
            if (size.is(1) && !whole.is(1)) {
                axes.add(axis + lead);
            } else if (!size.keepsSizeIn(whole) && !size.is(1)) {
                return summedAtRunTime(derivative, shape.get());
            }
        }
        if (axes.isEmpty()) {
            return derivative;
        }
        if (axes.size() == from.rank() && to.rank() == 0) {
            return derivative.sum();
        }
        long[] all = axes.stream().mapToLong(Integer::longValue).toArray();
        if (axes.size() == lead) {
            return derivative.sum(false, all);
        }
        return derivative
                .sum(true, all)
                .squeeze(IntStream.range(0, lead).asLongStream().toArray());
    }

    /** Finds the axes by comparing shapes when the graph runs. */
    private Term summedAtRunTime(Term derivative, Term shape) {
        Term whole = derivative.shape();
        Term lead = whole.shape().sub(shape.shape());
        Term padded = emitter.full(lead, ElementType.INT64, 1).concat(0, shape);
        Term differs = padded.equalTo(whole).not();
        Term axes = emitter.op("NonZero", ElementType.INT64, Map.of(), differs).reshape(-1);
        return emitter.op(
                        "ReduceSum",
                        derivative.element(),
                        Map.of("noop_with_empty_axes", Attribute.of(1)),
                        derivative,
                        axes)
                .reshape(shape);
    }

    /** A matrix {@code [rows, width]} with updates {@code [count, width]} added at rows {@code [count]}, also where a row is named again. */
    Term addedRows(Term base, Term rows, Term updates) {
        if (!parallel) {
            return emitter.op(
                    "ScatterND",
                    updates.element(),
                    Map.of("reduction", Attribute.of("add")),
                    base,
                    rows.unsqueeze(1),
                    updates);
        }
        // On several threads ScatterND adds to a row in any order, ScatterElements never does.
        return base.scatterElements(rows.unsqueeze(1).expand(updates.shape()), updates, 0, true);
    }

    SaveException unsupported(String why) {
        return SaveException.user(node.describe() + ": " + why);
    }
}
