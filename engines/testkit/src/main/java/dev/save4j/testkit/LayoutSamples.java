package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of operators that move elements, or deal with shapes. */
final class LayoutSamples {
    private LayoutSamples() {}

    static void addTo(SampleList list) {
        shapes(list);
        sources(list);
        joins(list);
        slices(list);
        rearrangements(list);
        pads(list);
    }

    private static void shapes(SampleList list) {
        Numbers x = list.numbers(2, 3, 4);
        list.op("Reshape").data(x).constant(Numbers.vector(4, 6)).label("fixed");
        list.op("Reshape").data(x).constant(Numbers.vector(0, -1)).label("zero copies, minus one is inferred");
        list.op("Reshape").data(x).input(Numbers.vector(3, 2, 2, 2)).label("shape as input");
        list.op("Reshape").data(list.numbers(1)).constant(Numbers.vector()).label("to a scalar");
        list.op("Reshape")
                .data(list.numbers(0, 3))
                .constant(Numbers.vector(3, 0))
                .set("allowzero", 1)
                .rough()
                .label("zero is a size");
        list.op("Reshape")
                .input(list.integers(0, 9, 2, 3))
                .constant(Numbers.vector(-1))
                .label("integers");
        for (int axis : new int[] {-1, 0, 1, 2, 3}) {
            list.op("Flatten").data(x).set("axis", axis).label("axis " + axis);
        }
        list.op("Unsqueeze")
                .data(list.numbers(2, 3))
                .constant(Numbers.vector(0, -1))
                .label("outside");
        list.op("Unsqueeze").data(list.numbers()).constant(Numbers.vector(0)).label("a scalar");
        list.op("Unsqueeze").data(list.numbers(2, 3)).input(Numbers.vector(1)).label("axes as input");
        list.op("Unsqueeze")
                .input(list.integers(0, 9, 3))
                .constant(Numbers.vector(1))
                .label("integers");
        list.op("Squeeze")
                .data(list.numbers(1, 3, 1, 2))
                .constant(Numbers.vector(0, -2))
                .label("given axes");
        list.op("Squeeze").data(list.numbers(1, 3, 1, 2)).label("all axes of size one");
        list.op("Squeeze")
                .input(list.integers(0, 9, 3, 1))
                .constant(Numbers.vector(1))
                .label("integers");
        list.op("Expand")
                .data(list.numbers(3, 1))
                .constant(Numbers.vector(2, 3, 4))
                .label("to a larger rank");
        list.op("Expand")
                .data(list.numbers(3, 4))
                .constant(Numbers.vector(3, 1))
                .label("one keeps the size");
        list.op("Expand").data(list.numbers()).input(Numbers.vector(2, 2)).label("a scalar, shape as input");
        list.op("Expand")
                .input(list.integers(0, 9, 1, 3))
                .constant(Numbers.vector(2, 3))
                .label("integers");
        list.op("Shape").data(x).label("all");
        list.op("Shape").data(x).set("start", 1).label("from");
        list.op("Shape").data(x).set("start", -2).set("end", -1).label("from the end");
        list.op("Size").data(x).label("cube");
    }

    private static void sources(SampleList list) {
        list.op("Constant")
                .set("value", Attribute.of(Tensor.of(new float[] {1, -2, 3}, 3)))
                .label("tensor");
        list.op("Constant").set("value", Attribute.of(Tensor.vector(4, 5))).label("integer tensor");
        list.op("Constant").set("value_float", 2.5f).label("number");
        list.op("Constant")
                .set("value_floats", new Attribute.Reals(List.of(1f, 2f)))
                .label("numbers");
        list.op("Constant").set("value_int", 7).label("integer");
        list.op("Constant").set("value_ints", Attribute.ofInts(7, 8)).label("integers");
        list.op("ConstantOfShape").constant(Numbers.vector(2, 3)).label("zeros");
        list.op("ConstantOfShape")
                .input(Numbers.vector(2, 3))
                .set("value", Attribute.of(Tensor.of(new float[] {1.5f}, 1)))
                .label("numbers, shape as input");
        list.op("ConstantOfShape")
                .constant(Numbers.vector(4))
                .set("value", Attribute.of(Tensor.vector(9)))
                .label("integers");
        list.op("Range")
                .constant(Numbers.scalar(1.0))
                .constant(Numbers.scalar(3.2))
                .constant(Numbers.scalar(0.5))
                .label("numbers");
        list.op("Range")
                .input(Numbers.scalar(10L))
                .input(Numbers.scalar(1L))
                .input(Numbers.scalar(-3L))
                .label("integers downwards");
        list.op("Range")
                .constant(Numbers.scalar(3L))
                .constant(Numbers.scalar(3L))
                .constant(Numbers.scalar(1L))
                .label("empty");
        list.op("EyeLike").input(list.numbers(3, 4)).label("default");
        list.op("EyeLike").input(list.numbers(3, 4)).set("k", -1).label("below");
        list.op("EyeLike")
                .input(list.numbers(3, 4))
                .set("dtype", ElementType.INT64.onnxCode())
                .label("integers");
    }

    private static void joins(SampleList list) {
        list.op("Concat")
                .data(list.numbers(2))
                .data(list.numbers(3))
                .set("axis", 0)
                .label("vectors");
        list.op("Concat")
                .data(list.numbers(2, 3))
                .data(list.numbers(2, 1))
                .data(list.numbers(2, 2))
                .set("axis", -1)
                .label("three matrices");
        list.op("Concat")
                .data(list.numbers(2, 3, 2))
                .data(list.numbers(2, 1, 2))
                .set("axis", 1)
                .label("cubes");
        list.op("Concat").data(list.numbers(2, 3)).set("axis", 0).label("one operand");
        list.op("Concat")
                .input(list.integers(0, 9, 2))
                .input(list.integers(0, 9, 1))
                .set("axis", 0)
                .label("integers");
        list.op("Split")
                .data(list.numbers(6))
                .set("axis", 0)
                .set("num_outputs", 3)
                .results(3)
                .label("equal parts");
        list.op("Split")
                .data(list.numbers(2, 7))
                .set("axis", -1)
                .set("num_outputs", 2)
                .results(2)
                .label("the last part is smaller");
        list.op("Split")
                .data(list.numbers(5, 2))
                .constant(Numbers.vector(1, 3, 1))
                .results(3)
                .label("given sizes");
        list.op("Split")
                .input(list.integers(0, 9, 4))
                .constant(Numbers.vector(1, 3))
                .results(2)
                .label("integers");
    }

    private static void slices(SampleList list) {
        Numbers x = list.numbers(4, 5, 3);
        list.op("Slice")
                .data(x)
                .constant(Numbers.vector(1))
                .constant(Numbers.vector(3))
                .label("first axis");
        list.op("Slice")
                .data(x)
                .constant(Numbers.vector(0, -2))
                .constant(Numbers.vector(2, Long.MAX_VALUE))
                .constant(Numbers.vector(-1, 0))
                .label("two axes, to the end");
        list.op("Slice")
                .data(x)
                .constant(Numbers.vector(0))
                .constant(Numbers.vector(5))
                .constant(Numbers.vector(1))
                .constant(Numbers.vector(2))
                .label("every other");
        list.op("Slice")
                .data(x)
                .constant(Numbers.vector(-1))
                .constant(Numbers.vector(Long.MIN_VALUE))
                .constant(Numbers.vector(1))
                .constant(Numbers.vector(-1))
                .label("backwards");
        list.op("Slice")
                .data(x)
                .constant(Numbers.vector(4))
                .constant(Numbers.vector(0))
                .constant(Numbers.vector(1))
                .constant(Numbers.vector(-2))
                .label("backwards by two");
        list.op("Slice")
                .data(x)
                .input(Numbers.vector(1))
                .input(Numbers.vector(-1))
                .input(Numbers.vector(-2))
                .label("bounds as inputs");
        list.op("Slice")
                .data(x)
                .constant(Numbers.vector(3))
                .constant(Numbers.vector(3))
                .rough()
                .label("nothing");
        list.op("Slice")
                .input(list.integers(0, 9, 5))
                .constant(Numbers.vector(1))
                .constant(Numbers.vector(4))
                .label("integers");
    }

    private static void rearrangements(SampleList list) {
        list.op("Transpose").data(list.numbers(2, 3)).label("matrix");
        list.op("Transpose").data(list.numbers(2, 3, 4)).label("reversed");
        list.op("Transpose")
                .data(list.numbers(2, 3, 4))
                .set("perm", Attribute.ofInts(1, 2, 0))
                .label("rotated");
        list.op("Transpose")
                .data(list.numbers(2, 1, 3, 2))
                .set("perm", Attribute.ofInts(0, 2, 1, 3))
                .label("heads");
        list.op("Transpose").data(list.numbers(3)).label("vector");
        list.op("Transpose").input(list.integers(0, 9, 2, 3)).label("integers");
        list.op("Tile").data(list.numbers(2, 3)).constant(Numbers.vector(2, 3)).label("both axes");
        list.op("Tile")
                .data(list.numbers(2, 1, 3))
                .constant(Numbers.vector(1, 4, 1))
                .label("one axis");
        for (int upper = 0; upper < 2; upper++) {
            list.op("Trilu").data(list.numbers(3, 4)).set("upper", upper).label("upper " + upper);
            for (long diagonal : new long[] {-1, 0, 2}) {
                list.op("Trilu")
                        .data(list.numbers(2, 4, 3))
                        .constant(Numbers.scalar(diagonal))
                        .set("upper", upper)
                        .label("upper " + upper + ", diagonal " + diagonal);
            }
        }
        list.op("ReverseSequence")
                .data(list.numbers(4, 3))
                .constant(Numbers.vector(4, 2, 1))
                .label("time first");
        list.op("ReverseSequence")
                .data(list.numbers(3, 4))
                .constant(Numbers.vector(4, 2, 1))
                .set("batch_axis", 0)
                .set("time_axis", 1)
                .label("batch first");
        list.op("DepthToSpace")
                .data(list.numbers(1, 8, 2, 3))
                .set("blocksize", 2)
                .label("depth first");
        list.op("DepthToSpace")
                .data(list.numbers(1, 8, 2, 3))
                .set("blocksize", 2)
                .set("mode", "CRD")
                .label("column first");
        list.op("SpaceToDepth")
                .data(list.numbers(1, 2, 4, 6))
                .set("blocksize", 2)
                .label("default");
    }

    private static void pads(SampleList list) {
        Numbers x = list.numbers(3, 4);
        list.op("Pad").data(x).constant(Numbers.vector(1, 0, 2, 1)).label("zeros");
        list.op("Pad")
                .data(x)
                .constant(Numbers.vector(1, 2))
                .constant(Numbers.scalar(1.5))
                .constant(Numbers.vector(-1))
                .label("a number on one axis");
        list.op("Pad").data(x).constant(Numbers.vector(-1, 0, 0, -2)).label("cut off");
        for (String mode : List.of("constant", "reflect", "edge", "wrap")) {
            list.op("Pad")
                    .data(x)
                    .constant(Numbers.vector(1, 2, 2, 1))
                    .set("mode", mode)
                    .label(mode);
        }
        list.op("Pad")
                .input(list.integers(0, 9, 3))
                .constant(Numbers.vector(1, 1))
                .label("integers");
        list.op("CenterCropPad")
                .data(list.numbers(4, 3))
                .constant(Numbers.vector(2, 5))
                .label("both");
        list.op("CenterCropPad")
                .data(list.numbers(4, 6))
                .constant(Numbers.vector(3))
                .set("axes", Attribute.ofInts(1))
                .label("one axis");
        list.op("Identity")
                .input(list.integers(0, 2, 3).withType(ElementType.BOOL))
                .label("booleans");
    }
}
