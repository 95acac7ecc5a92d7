package dev.save4j.testkit;

import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of lookups and writes by indices. */
final class IndexSamples {
    private IndexSamples() {}

    static void addTo(SampleList list) {
        gathers(list);
        scatters(list);
        selections(list);
    }

    private static void gathers(SampleList list) {
        Numbers x = list.numbers(4, 3, 2);
        list.op("Gather")
                .data(list.numbers(6, 3))
                .input(list.integers(0, 6, 2, 5))
                .label("embedding");
        list.op("Gather")
                .data(x)
                .input(Numbers.of(new long[] {2, -1, 2}, 3))
                .set("axis", 1)
                .label("repeated, negative");
        list.op("Gather")
                .data(x)
                .input(Numbers.of(new long[] {1, 0}, 2))
                .set("axis", -1)
                .label("last axis");
        list.op("Gather").data(x).constant(Numbers.scalar(-2L)).label("one row");
        list.op("Gather")
                .data(list.numbers(5))
                .input(list.integers(-5, 5, 2, 2))
                .label("of a vector");
        list.op("Gather")
                .input(Numbers.vector(5, 6, 7))
                .constant(Numbers.scalar(1L))
                .label("of integers");
        list.op("GatherElements")
                .data(list.numbers(3, 4))
                .input(list.integers(-4, 4, 3, 2))
                .set("axis", 1)
                .label("rows");
        list.op("GatherElements")
                .data(list.numbers(4, 3))
                .input(list.integers(0, 4, 2, 3))
                .label("columns");
        list.op("GatherElements")
                .data(list.numbers(2, 3, 5))
                .input(list.integers(0, 5, 2, 3, 1))
                .set("axis", -1)
                .label("one of the vocabulary");
        list.op("GatherND")
                .data(x)
                .input(Numbers.of(new long[] {0, 1, 3, 2, 0, 1}, 3, 2))
                .label("rows");
        list.op("GatherND")
                .data(x)
                .input(Numbers.of(new long[] {0, 1, -1, 3, 2, 0}, 2, 3))
                .label("elements");
        list.op("GatherND")
                .data(x)
                .input(Numbers.of(new long[] {2, 0, -1, 1}, 4, 1))
                .set("batch_dims", 1)
                .label("one for each of the batch");
        list.op("GatherND")
                .input(list.integers(0, 9, 2, 2))
                .input(Numbers.of(new long[] {1, 0}, 1, 2))
                .label("integers");
    }

    private static void scatters(SampleList list) {
        Numbers x = list.positive(4, 3);
        list.op("ScatterElements")
                .data(x)
                .input(Numbers.of(new long[] {0, 3, 1, 2, -1, 0}, 2, 3))
                .data(list.positive(2, 3))
                .label("columns");
        list.op("ScatterElements")
                .data(x)
                .input(Numbers.of(new long[] {1, 0, 2}, 3, 1))
                .data(list.positive(3, 1))
                .set("axis", 1)
                .label("rows");
        list.op("ScatterElements")
                .data(x)
                .input(Numbers.of(new long[] {3, 0, 2}, 1, 3))
                .data(list.positive(1, 3))
                .set("reduction", "none")
                .label("stated default");
        list.op("ScatterND")
                .data(x)
                .input(Numbers.of(new long[] {2, 0}, 2, 1))
                .data(list.positive(2, 3))
                .set("reduction", "none")
                .label("stated default");
        for (String reduction : List.of("add", "mul", "max", "min")) {
            list.op("ScatterElements")
                    .data(x)
                    .input(Numbers.of(new long[] {0, 0, 1, 1, 1, 0}, 2, 3))
                    .data(list.positive(2, 3))
                    .set("reduction", reduction)
                    .label(reduction);
            list.op("ScatterND")
                    .data(x)
                    .input(Numbers.of(new long[] {1, 1, 3}, 3, 1))
                    .data(list.positive(3, 3))
                    .set("reduction", reduction)
                    .label(reduction);
        }
        list.op("ScatterND")
                .data(x)
                .input(Numbers.of(new long[] {1, -1}, 2, 1))
                .data(list.positive(2, 3))
                .label("rows");
        list.op("ScatterND")
                .data(x)
                .input(Numbers.of(new long[] {0, 1, 3, 2}, 2, 2))
                .data(list.positive(2))
                .label("elements");
        list.op("TensorScatter")
                .data(list.numbers(2, 2, 5, 3))
                .data(list.numbers(2, 2, 2, 3))
                .input(Numbers.vector(1, 3))
                .opset(24)
                .label("cache");
        list.op("TensorScatter")
                .data(list.numbers(2, 2, 5, 3))
                .data(list.numbers(2, 2, 3, 3))
                .input(Numbers.vector(1, 4))
                .set("mode", "circular")
                .opset(24)
                .label("circular cache");
        list.op("TensorScatter")
                .data(list.numbers(2, 5, 2, 3))
                .data(list.numbers(2, 2, 2, 3))
                .input(Numbers.vector(1, 3))
                .set("axis", 1)
                .opset(24)
                .label("second axis");
    }

    private static void selections(SampleList list) {
        Numbers condition = Numbers.of(new boolean[] {true, false, true}, 3);
        list.op("Compress")
                .data(list.numbers(3, 2))
                .constant(condition)
                .set("axis", 0)
                .label("rows");
        list.op("Compress")
                .data(list.numbers(2, 3))
                .constant(condition)
                .set("axis", -1)
                .label("columns");
        list.op("Compress").data(list.numbers(2, 2)).constant(condition).label("elements");
        Numbers onOff = Numbers.of(new double[] {-1, 2}, 2);
        list.op("OneHot")
                .input(list.integers(-4, 4, 2, 3))
                .constant(Numbers.scalar(4L))
                .constant(onOff)
                .label("default axis");
        list.op("OneHot")
                .input(Numbers.of(new long[] {1, 7, -2}, 3))
                .constant(Numbers.scalar(3L))
                .constant(onOff)
                .set("axis", 0)
                .label("first axis, one outside");
        list.op("NonZero").input(list.booleans(3, 4)).label("booleans");
        list.op("NonZero").input(Numbers.of(new long[] {0, 3, 0, -1}, 2, 2)).label("integers");
        list.op("NonZero").input(Numbers.of(new double[] {0, 3, 0, -1}, 4)).label("numbers");
    }
}
