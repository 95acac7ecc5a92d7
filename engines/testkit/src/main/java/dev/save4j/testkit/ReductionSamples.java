package dev.save4j.testkit;

import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of reductions, and of operators along one axis. */
final class ReductionSamples {
    private ReductionSamples() {}

    static void addTo(SampleList list) {
        reductions(list);
        along(list);
        order(list);
    }

    private static void reductions(SampleList list) {
        for (String operator : List.of(
                "ReduceSum",
                "ReduceMean",
                "ReduceMax",
                "ReduceMin",
                "ReduceProd",
                "ReduceL1",
                "ReduceL2",
                "ReduceSumSquare",
                "ReduceLogSum",
                "ReduceLogSumExp")) {
            boolean positive = operator.equals("ReduceLogSum");
            Numbers vector = positive ? list.positive(5) : list.distinct(5);
            Numbers matrix = positive ? list.positive(3, 4) : list.distinct(3, 4);
            Numbers cube = positive ? list.positive(2, 3, 4) : list.distinct(2, 3, 4);
            Numbers four = positive ? list.positive(2, 2, 3, 2) : list.distinct(2, 2, 3, 2);
            list.op(operator).data(vector).label("vector");
            list.op(operator).data(matrix).set("keepdims", 0).label("everything");
            list.op(operator).data(cube).constant(Numbers.vector(1)).label("middle axis");
            list.op(operator)
                    .data(cube)
                    .constant(Numbers.vector(-1))
                    .set("keepdims", 0)
                    .label("last axis");
            list.op(operator)
                    .data(cube)
                    .constant(Numbers.vector(0, -1))
                    .set("keepdims", 0)
                    .label("outer axes");
            list.op(operator).data(four).constant(Numbers.vector(2, 1)).label("two axes of four");
            list.op(operator)
                    .data(four)
                    .input(Numbers.vector(-3))
                    .set("keepdims", 0)
                    .label("axes as input");
            list.op(operator).data(matrix).set("noop_with_empty_axes", 1).label("no axes");
        }
        Numbers integers = list.integers(-4, 5, 2, 3);
        for (String operator : List.of("ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd")) {
            list.op(operator)
                    .input(integers)
                    .constant(Numbers.vector(1))
                    .set("keepdims", 0)
                    .label("integers");
            list.op(operator).input(integers).set("keepdims", 0).label("all integers");
        }
        list.op("ReduceLogSumExp")
                .data(Numbers.of(new double[] {500, 499, -500, -501}, 2, 2))
                .constant(Numbers.vector(1))
                .rough()
                .label("far from zero");
        list.op("ReduceLogSumExp")
                .data(Numbers.of(new double[] {1, Double.NEGATIVE_INFINITY, 2, 3}, 2, 2))
                .constant(Numbers.vector(1))
                .rough()
                .label("minus infinity");
    }

    private static void along(SampleList list) {
        for (String operator : List.of("Softmax", "LogSoftmax")) {
            list.op(operator).data(list.numbers(5)).label("vector");
            list.op(operator).data(list.numbers(3, 4)).label("default axis");
            list.op(operator).data(list.numbers(3, 4)).set("axis", 0).label("first of two axes");
            for (int axis = -3; axis < 3; axis++) {
                list.op(operator).data(list.numbers(2, 3, 4)).set("axis", axis).label("axis " + axis + " of three");
            }
            list.op(operator).data(list.numbers(2, 2, 3, 2)).set("axis", -1).label("last of four axes");
            list.op(operator).data(list.numbers(2, 2, 3, 2)).set("axis", 1).label("second of four axes");
            list.op(operator)
                    .data(Numbers.of(new double[] {1000, 999, -1000, 0, 0, 0}, 2, 3))
                    .rough()
                    .label("far from zero");
        }
        list.op("Softmax")
                .data(Numbers.of(new double[] {1, Double.NEGATIVE_INFINITY, 2, 0, 1, 2}, 2, 3))
                .rough()
                .label("minus infinity");
        list.op("Hardmax").data(list.distinct(2, 3, 4)).rough().label("default axis");
        list.op("Hardmax").data(list.distinct(2, 3, 4)).set("axis", 1).rough().label("axis 1");
        list.op("LpNormalization").data(list.numbers(2, 3, 4)).label("default");
        list.op("LpNormalization")
                .data(list.numbers(2, 3, 4))
                .set("axis", 1)
                .set("p", 1)
                .label("first norm");
        for (int reverse = 0; reverse < 2; reverse++) {
            for (int exclusive = 0; exclusive < 2; exclusive++) {
                String label = (reverse == 1 ? "reverse " : "") + (exclusive == 1 ? "exclusive" : "inclusive");
                list.op("CumSum")
                        .data(list.numbers(2, 3, 4))
                        .constant(Numbers.scalar(-2L))
                        .set("reverse", reverse)
                        .set("exclusive", exclusive)
                        .label(label);
                list.op("CumSum")
                        .input(list.integers(-4, 5, 3, 4))
                        .constant(Numbers.scalar(1L))
                        .set("reverse", reverse)
                        .set("exclusive", exclusive)
                        .label("integers, " + label);
            }
        }
        list.op("CumSum").data(list.numbers(4)).input(Numbers.scalar(0L)).label("axis as input");
        list.microsoft("BiasSoftmax")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(2, 3, 4))
                .set("axis", 2)
                .set("is_inner_broadcast", 0)
                .label("equal shapes");
        list.microsoft("BiasSoftmax")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(2, 1, 4))
                .set("axis", 2)
                .set("is_inner_broadcast", 1)
                .label("inner broadcast");
    }

    private static void order(SampleList list) {
        Numbers ties = Numbers.of(new double[] {3, 1, 3, 2, 0, 0, 5, 4, 5}, 3, 3);
        for (String operator : List.of("ArgMax", "ArgMin")) {
            list.op(operator).data(ties).label("first of several");
            list.op(operator)
                    .data(ties)
                    .set("axis", 1)
                    .set("select_last_index", 1)
                    .label("last of several");
            list.op(operator)
                    .data(list.distinct(2, 3, 4))
                    .set("axis", -1)
                    .set("keepdims", 0)
                    .label("last axis");
            list.op(operator).data(list.distinct(2, 3, 4)).set("axis", 1).label("middle axis");
        }
        list.op("TopK")
                .data(list.distinct(3, 5))
                .constant(Numbers.vector(2))
                .results(2)
                .label("default");
        list.op("TopK")
                .data(list.distinct(3, 4, 2))
                .constant(Numbers.vector(3))
                .set("axis", 1)
                .set("largest", 0)
                .set("sorted", 1)
                .results(2)
                .label("smallest along the middle axis");
        list.op("Unique")
                .input(Numbers.of(new double[] {2, 1, 1, 3, 4, 3}, 6))
                .results(4)
                .label("sorted");
        list.op("Unique")
                .input(Numbers.of(new double[] {2, 1, 1, 3, 4, 3}, 6))
                .set("sorted", 0)
                .results(4)
                .label("in order");
        list.op("Unique")
                .input(Numbers.of(new double[] {1, 0, 0, 1, 0, 0, 2, 3, 4}, 3, 3))
                .set("axis", 0)
                .set("sorted", 1)
                .results(4)
                .label("rows");
    }
}
