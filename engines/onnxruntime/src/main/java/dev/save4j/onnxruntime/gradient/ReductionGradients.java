package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Sums, means, extremes and normalisations over axes. The result y and the derivative dy are first given back the axes that were dropped, as axes of
 * size 1, so that they broadcast with the operand x. Where several elements are the largest they share the derivative.
 */
final class ReductionGradients {
    private ReductionGradients() {}

    static void addTo(GradientRules.Registry rules) {
        rules.add("ReduceSum", reduction((r, dy) -> dy, true));
        rules.add("ReduceMean", reduction((r, dy) -> dy.div(r.groupSize()), true));
        // dx = 2x dy
        rules.add("ReduceSumSquare", reduction((r, dy) -> r.x().mul(dy.mul(2)), false));
        rules.add("ReduceL1", reduction((r, dy) -> r.x().sign().mul(dy), false));
        rules.add("ReduceL2", reduction(ReductionGradients::euclidean, false));
        // y = ln Σx: dx = dy e^(−y)
        rules.add("ReduceLogSum", reduction((r, dy) -> dy.mul(r.y().neg().exp()), true));
        // y = ln Σeˣ: dx = dy e^(x − y)
        rules.add("ReduceLogSumExp", reduction((r, dy) -> r.x().sub(r.y()).exp().mul(dy), false));
        rules.add("ReduceMax ReduceMin", reduction(ReductionGradients::extreme, false));
        rules.add("ReduceProd", reduction(ReductionGradients::product, false));
        rules.add("Softmax", ReductionGradients::softmax);
        rules.add("LogSoftmax", ReductionGradients::logSoftmax);
        rules.add("CumSum", ReductionGradients::cumulativeSum);
    }

    /**
     * @param formula the derivative by x, broadcasting with x
     * @param expands whether the formula's value has axes of size 1 still
     */
    private static GradientRule reduction(BiFunction<Reduction, Term, Term> formula, boolean expands) {
        return step -> {
            Reduction reduction = new Reduction(step);
            Term derivative = formula.apply(reduction, reduction.restored(step.slope()));
            step.give(0, expands ? derivative.expand(step.shape(0)) : derivative);
        };
    }

    /** What formulas are made of. */
    private record Reduction(Step step) {
        Term x() {
            return step.input(0);
        }

        Term y() {
            return restored(step.output(0));
        }

        private boolean keeps() {
            return step.flag("keepdims", true);
        }

        /** Axes counted from the start, empty when they are not known. */
        Optional<long[]> axes() {
            if (!step.has(1)) {
                return step.flag("noop_with_empty_axes", false) || !step.type(0).isRanked()
                        ? Optional.of(new long[0])
                        : Optional.of(java.util.stream.LongStream.range(0, step.rank(0))
                                .toArray());
            }
            return step.constant(1)
                    .filter(axes -> axes.length > 0)
                    .map(axes -> java.util.Arrays.stream(Shapes.axes(step.node(), axes, step.rank(0)))
                            .asLongStream()
                            .toArray());
        }

        private boolean takesAll() {
            return !step.has(1) && !step.flag("noop_with_empty_axes", false);
        }

        /** A value of the shape of the result with axes of size 1 for those that were dropped. */
        Term restored(Term value) {
            if (keeps() || takesAll()) {
                // A scalar broadcasts with everything.
                return value;
            }
            Optional<long[]> axes = axes();
            return axes.isPresent()
                    ? value.unsqueeze(axes.get())
                    : value.reshape(over("ReduceSum", x()).shape());
        }

        /** A reduction over the same axes, which are kept. */
        Term over(String operator, Term value) {
            Map<String, Attribute> attributes = new LinkedHashMap<>();
            attributes.put("keepdims", Attribute.of(1));
            if (step.node().has("noop_with_empty_axes")) {
                attributes.put("noop_with_empty_axes", Attribute.of(step.node().integer("noop_with_empty_axes", 0)));
            }
            return step.has(1)
                    ? step.emitter().op(operator, value.element(), attributes, value, step.input(1))
                    : step.emitter().op(operator, value.element(), attributes, value);
        }

        /** How many elements were reduced to one. */
        Term groupSize() {
            Optional<long[]> axes = axes();
            if (axes.isPresent() && step.type(0).isRanked()) {
                long size = 1;
                for (long axis : axes.get()) {
                    Size one = step.type(0).size((int) axis);
                    size = one.isFixed() && size > 0 ? size * one.factor() : -1;
                }
                if (size > 0) {
                    return x().constant((double) size);
                }
            }
            return x().count().div(step.output(0).count()).cast(x().element());
        }
    }

    /** y = √Σx²: dx = x dy / y, and 0 where y is. */
    private static Term euclidean(Reduction r, Term dy) {
        Term y = r.y();
        Term divisor = y.equalTo(y.constant(0)).choose(y.constant(1), y);
        return r.x().mul(dy.div(divisor));
    }

    private static Term extreme(Reduction r, Term dy) {
        Term chosen = r.x().equalTo(r.y()).cast(r.x().element());
        return chosen.mul(dy.div(r.over("ReduceSum", chosen)));
    }

    /** dx = dy times the product of the others, which is y / x unless one of them is 0. */
    private static Term product(Reduction r, Term dy) {
        Term zero = r.x().equalTo(r.x().constant(0));
        Term others = zero.choose(r.x().constant(1), r.x());
        Term zeros = r.over("ReduceSum", zero.cast(r.x().element()));
        Term rest = r.over("ReduceProd", others).mul(dy);
        Term single = zeros.equalTo(zeros.constant(1)).keep(rest);
        Term whole = zeros.equalTo(zeros.constant(0)).keep(rest);
        return zero.choose(single, whole.div(others));
    }

    /** dx = y (dy − Σ dy y). */
    private static void softmax(Step step) {
        Term y = step.output(0);
        Term dy = step.slope();
        long axis = step.axis("axis", -1);
        step.give(0, y.mul(dy.sub(dy.mul(y).sum(true, axis))));
    }

    /**
     * dx = dy − e^y Σ dy. Where dy is 0 but for a few numbers, as that of a token's log-probability is, these are added to −e^y Σ dy in place, and no
     * tensor of zeros of the size of the vocabulary is made.
     */
    private static void logSoftmax(Step step) {
        int axis = step.axis("axis", -1);
        Optional<Slope.Scattered> scattered = step.scatteredSlope(axis);
        Term y = step.output(0);
        if (scattered.isPresent() && matchesOutsideAxis(step, scattered.get(), axis)) {
            Term updates = scattered.get().updates();
            Term total = onlyOne(step, scattered.get(), axis) ? updates : updates.sum(true, axis);
            Term base = y.exp().mul(total.neg());
            step.give(0, base.scatterElements(scattered.get().indices(), updates, axis, true));
            return;
        }
        Term dy = step.slope();
        step.give(0, dy.sub(y.exp().mul(dy.sum(true, axis))));
    }

    /** Whether there are indices for every row, and not for the first few only. */
    private static boolean matchesOutsideAxis(Step step, Slope.Scattered scattered, int axis) {
        return scattered
                .sizes()
                .filter(sizes -> {
                    List<Size> whole =
                            new ArrayList<>(step.resultType(0).sizes().orElse(List.of()));
                    if (whole.size() != sizes.size()) {
                        return false;
                    }
                    for (int i = 0; i < sizes.size(); i++) {
                        if (i != axis && !sizes.get(i).equals(whole.get(i))) {
                            return false;
                        }
                    }
                    return true;
                })
                .isPresent();
    }

    private static boolean onlyOne(Step step, Slope.Scattered scattered, int axis) {
        return scattered.sizes().filter(sizes -> sizes.get(axis).is(1)).isPresent();
    }

    /** y sums up to each element, so dx sums up dy from each element on. */
    private static void cumulativeSum(Step step) {
        Node node = step.node();
        Map<String, Attribute> attributes = Map.of(
                "exclusive", Attribute.of(node.integer("exclusive", 0)),
                "reverse", Attribute.of(1 - node.integer("reverse", 0)));
        step.give(0, step.emitter().op("CumSum", step.type(0).element(), attributes, step.slope(), step.input(1)));
    }
}
