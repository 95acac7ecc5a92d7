package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Operators that move elements: the derivative dy goes back the way the elements came. */
final class LayoutGradients {
    private LayoutGradients() {}

    static void addTo(GradientRules.Registry rules) {
        rules.add("Identity", step -> step.give(0, step.slope()));
        rules.add("Dropout", LayoutGradients::dropout);
        rules.add(
                "Reshape Flatten Squeeze Unsqueeze",
                step -> step.give(0, step.slope().reshape(step.shape(0))));
        rules.add("Transpose", LayoutGradients::transpose);
        rules.add("Expand", step -> step.giveSummed(0, step.slope()));
        rules.add("Tile", LayoutGradients::tile);
        rules.add("Concat", LayoutGradients::concat);
        rules.add("Split", LayoutGradients::split);
        rules.add("Slice", LayoutGradients::slice);
        rules.add("Trilu", LayoutGradients::triangle);
        rules.add("Pad", LayoutGradients::pad);
        rules.add("ReverseSequence Compress", LayoutGradients::selection);
    }

    private static void dropout(Step step) {
        boolean trains = step.has(2)
                && !step.constant(2).filter(mode -> mode[0] == 0).isPresent()
                && !step.constantNumber(1).filter(ratio -> ratio == 0).isPresent();
        if (trains) {
            throw step.unsupported(
                    "dropout in training mode has no gradient here; export the model in evaluation mode");
        }
        step.give(0, step.slope());
    }

    private static void transpose(Step step) {
        int[] permutation = Shapes.permutation(step.node(), step.rank(0));
        int[] inverse = new int[permutation.length];
        for (int i = 0; i < inverse.length; i++) {
            inverse[permutation[i]] = i;
        }
        step.give(0, step.slope().transpose(inverse));
    }

    /** dy as {@code [times of axis 0, size of axis 0, times of axis 1, …]}, summed over the times. */
    private static void tile(Step step) {
        Term times = step.input(1);
        Term interleaved =
                times.unsqueeze(1).concat(1, step.shape(0).unsqueeze(1)).reshape(-1);
        long[] axes =
                IntStream.range(0, step.rank(0)).mapToLong(axis -> 2L * axis).toArray();
        step.give(0, step.slope().reshape(interleaved).sum(false, axes));
    }

    private static void concat(Step step) {
        int axis = step.axis("axis", 0);
        int count = step.count();
        if (count == 1) {
            step.give(0, step.slope());
            return;
        }
        Term[] sizes = IntStream.range(0, count)
                .mapToObj(i -> step.sizes(i, axis, axis + 1))
                .toArray(Term[]::new);
        if (IntStream.range(0, count).allMatch(step::wants)) {
            List<Term> parts = parts(step, step.slope(), axis, sizes);
            for (int i = 0; i < count; i++) {
                step.give(i, parts.get(i));
            }
            return;
        }
        Term from = step.emitter().vector(0);
        for (int i = 0; i < count; i++) {
            Term to = i == 0 ? sizes[0] : from.add(sizes[i]);
            if (step.wants(i)) {
                step.give(i, step.slope().slice(axis, from, to));
            }
            from = to;
        }
    }

    private static List<Term> parts(Step step, Term whole, int axis, Term[] sizes) {
        Optional<long[]> fixed = fixedSizes(step, axis, sizes.length);
        Term all = fixed.map(step.emitter()::vector)
                .orElseGet(() -> sizes[0].concat(0, Arrays.copyOfRange(sizes, 1, sizes.length)));
        return step.emitter()
                .node(
                        "",
                        "Split",
                        Map.of("axis", Attribute.of(axis)),
                        List.of(whole, all),
                        IntStream.range(0, sizes.length)
                                .mapToObj(i -> whole.element())
                                .toList());
    }

    private static Optional<long[]> fixedSizes(Step step, int axis, int count) {
        long[] sizes = new long[count];
        for (int i = 0; i < count; i++) {
            ValueType type = step.type(i);
            if (!type.isRanked() || !type.size(axis).isFixed()) {
                return Optional.empty();
            }
            sizes[i] = type.size(axis).factor();
        }
        return Optional.of(sizes);
    }

    private static void split(Step step) {
        List<Term> parts = new ArrayList<>();
        for (int i = 0; i < step.node().outputs().size(); i++) {
            if (!step.node().hasOutput(i)) {
                throw step.unsupported("a part that is not named has no gradient");
            }
            parts.add(step.slopeOrZeros(i));
        }
        Term first = parts.get(0);
        step.give(
                0,
                parts.size() == 1
                        ? first
                        : first.concat(
                                step.axis("axis", 0),
                                parts.subList(1, parts.size()).toArray(Term[]::new)));
    }

    /** dy between zeros; where elements were left out in between, each goes back to its position. */
    private static void slice(Step step) {
        Optional<long[]> starts = step.constant(1);
        Optional<long[]> axes = step.has(3) ? step.constant(3) : Optional.empty();
        boolean plain = !step.has(4)
                || step.constant(4)
                        .filter(steps -> Arrays.stream(steps).allMatch(one -> one == 1))
                        .isPresent();
        boolean known = !step.has(3) || axes.isPresent();
        if (!plain || !known || !step.type(0).isRanked() || !step.resultType(0).isRanked()) {
            selection(step);
            return;
        }
        int count = axes.map(all -> all.length)
                .or(() -> starts.map(all -> all.length))
                .orElseGet(() -> lengthOf(step.type(1), step.rank(0)));
        int[] at = axes.map(all -> Arrays.stream(all)
                        .mapToInt(axis -> Shapes.axis(step.node(), axis, step.rank(0)))
                        .toArray())
                .orElseGet(() -> IntStream.range(0, count).toArray());
        if (count == 0) {
            step.give(0, step.slope());
            return;
        }
        Term[] pads = new Term[2 * count];
        long[] fixed = new long[2 * count];
        for (int i = 0; i < count; i++) {
            int axis = at[i];
            Size whole = step.type(0).size(axis);
            Size left = step.resultType(0).size(axis);
            Optional<long[]> start = starts;
            int index = i;
            if (whole.isFixed() && start.isPresent() && left.isFixed()) {
                long first = Math.max(
                        0, Math.min(whole.factor(), start.get()[i] + (start.get()[i] < 0 ? whole.factor() : 0)));
                fixed[i] = first;
                fixed[count + i] = whole.factor() - first - left.factor();
                pads[i] = step.emitter().vector(fixed[i]);
                pads[count + i] = step.emitter().vector(fixed[count + i]);
                continue;
            }
            fixed[i] = -1;
            Term size = step.sizes(0, axis, axis + 1);
            Term from = start.map(all -> fromFixed(step, all[index], size))
                    .orElseGet(() -> fromAny(step, step.input(1).part(index, index + 1), size));
            pads[i] = from;
            Term length = step.output(0).shape().part(axis, axis + 1);
            pads[count + i] = size.sub(from).sub(length);
        }
        step.give(0, padded(step, step.slope(), everyAxis(step, at, pads, fixed)));
    }

    /** Pads of all axes: ONNX Runtime's optimizer of transpositions overlooks the operand that names some. */
    private static Term everyAxis(Step step, int[] axes, Term[] pads, long[] fixed) {
        int rank = step.rank(0);
        Emitter emitter = step.emitter();
        long[] all = new long[2 * rank];
        Term[] terms = new Term[2 * rank];
        Arrays.fill(terms, emitter.vector(0));
        for (int i = 0; i < axes.length; i++) {
            all[axes[i]] = fixed[i];
            all[rank + axes[i]] = fixed[axes.length + i];
            terms[axes[i]] = pads[i];
            terms[rank + axes[i]] = pads[axes.length + i];
        }
        return Arrays.stream(fixed).noneMatch(pad -> pad < 0)
                ? emitter.vector(all)
                : terms[0].concat(0, Arrays.copyOfRange(terms, 1, terms.length));
    }

    private static int lengthOf(ValueType type, int orElse) {
        return type.isRanked() && type.rank() == 1 && type.size(0).isFixed()
                ? (int) type.size(0).factor()
                : orElse;
    }

    private static Term fromFixed(Step step, long start, Term size) {
        Term from = step.emitter().vector(start);
        if (start == 0) {
            return from;
        }
        return start > 0 ? from.min(size) : from.add(size).max(step.emitter().vector(0));
    }

    private static Term fromAny(Step step, Term start, Term size) {
        Term from = start.cast(ElementType.INT64);
        Term zero = step.emitter().vector(0);
        return from.less(zero).choose(from.add(size), from).max(zero).min(size);
    }

    private static Term padded(Step step, Term value, Term pads) {
        return step.emitter()
                .op("Pad", value.element(), Map.of("mode", Attribute.of("constant")), value, pads, value.constant(0));
    }

    /**
     * For an operator that picks elements of its first operand: it picks from their positions as well, and dy is added at what it picked.
     */
    static void selection(Step step) {
        Term positions = step.emitter().range(step.input(0).count()).reshape(step.shape(0));
        Term[] operands = IntStream.range(0, step.count())
                .mapToObj(i -> i == 0
                        ? positions
                        : step.has(i) ? step.input(i) : step.emitter().absent())
                .toArray(Term[]::new);
        Term picked = step.emitter()
                .op(step.node().operator(), ElementType.INT64, step.node().attributes(), operands);
        Term zeros = step.emitter()
                .full(step.input(0).count().reshape(1), step.slope().element(), 0);
        step.give(
                0,
                zeros.scatterElements(picked.reshape(-1), step.slope().reshape(-1), 0, true)
                        .reshape(step.shape(0)));
    }

    private static void triangle(Step step) {
        Map<String, Attribute> attributes =
                Map.of("upper", Attribute.of(step.node().integer("upper", 1)));
        Term slope = step.slope();
        step.give(
                0,
                step.has(1)
                        ? step.emitter().op("Trilu", slope.element(), attributes, slope, step.input(1))
                        : step.emitter().op("Trilu", slope.element(), attributes, slope));
    }

    /** What was padded is cut off, and what was cut off gets zeros; the number that was put around gets the rest of the sum. */
    private static void pad(Step step) {
        Node node = step.node();
        if (!node.text("mode", "constant").equals("constant")) {
            Term positions = step.emitter().range(step.input(0).count()).reshape(step.shape(0));
            Term picked = step.emitter()
                    .op(
                            "Pad",
                            ElementType.INT64,
                            node.attributes(),
                            step.has(3)
                                    ? new Term[] {
                                        positions, step.input(1), step.emitter().absent(), step.input(3)
                                    }
                                    : new Term[] {positions, step.input(1)});
            Term zeros = step.emitter()
                    .full(step.input(0).count().reshape(1), step.slope().element(), 0);
            step.give(
                    0,
                    zeros.scatterElements(picked.reshape(-1), step.slope().reshape(-1), 0, true)
                            .reshape(step.shape(0)));
            return;
        }
        Term slope = step.slope();
        Term derivative = padded(
                step, slope, step.has(3) ? pads(step).neg() : step.input(1).neg());
        step.give(0, derivative);
        if (step.wants(2)) {
            step.give(2, slope.sum().sub(derivative.sum()).reshape(step.shape(2)));
        }
    }

    /** The pads of a node that names axes, for all axes. */
    private static Term pads(Step step) {
        int rank = step.rank(0);
        Term axes = step.input(3).cast(ElementType.INT64);
        Term negative = axes.less(axes.constant(0));
        Term at = negative.choose(axes.add(rank), axes);
        return step.emitter()
                .full(step.emitter().vector(2L * rank), ElementType.INT64, 0)
                .scatterElements(at.concat(0, at.add(rank)), step.input(1), 0, false);
    }
}
