package dev.save4j.pytorch;

import static dev.save4j.pytorch.Operator.ANY;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.save4j.engine.OperandTypes;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Operators that move elements, or make tensors of a shape. */
final class LayoutOperators {
    private static final Set<String> NONE = Set.of();

    private LayoutOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of("Identity", 1, 1, ANY, NONE, in -> ElementwiseOperators.same(in.array(0))),
                Operator.many(
                        Node.SAVE4J,
                        "StopGradient",
                        1,
                        1,
                        ANY,
                        NONE,
                        Operator.single(in -> in.array(0).stopGradient())),
                Operator.many("", "Dropout", 1, 3, ANY, Set.of("seed"), LayoutOperators::dropout),
                Operator.of(
                        "Reshape",
                        2,
                        2,
                        ANY,
                        Set.of("allowzero"),
                        in -> in.array(0)
                                .reshape(new Shape(Shapes.reshape(
                                        in.node(), in.shape(0), in.longs(1), in.flag("allowzero", false))))),
                Operator.of("Flatten", 1, 1, ANY, Set.of("axis"), LayoutOperators::flatten),
                Operator.of(
                        "Unsqueeze",
                        2,
                        2,
                        ANY,
                        NONE,
                        in -> in.array(0).reshape(new Shape(Shapes.unsqueeze(in.node(), in.shape(0), in.longs(1))))),
                Operator.of(
                        "Squeeze",
                        1,
                        2,
                        ANY,
                        NONE,
                        in -> in.array(0)
                                .reshape(new Shape(Shapes.squeeze(in.node(), in.shape(0), in.longsOrNone(1))))),
                Operator.of("Transpose", 1, 1, ANY, Set.of("perm"), LayoutOperators::transpose),
                Operator.of(
                        "Expand",
                        2,
                        2,
                        ANY,
                        NONE,
                        in -> in.array(0).broadcast(new Shape(Shapes.broadcast(in.node(), in.shape(0), in.longs(1))))),
                Operator.of("Tile", 2, 2, ANY, NONE, in -> in.array(0).tile(in.longs(1))),
                Operator.of("Concat", 1, Operator.MANY, ANY, Set.of("axis"), LayoutOperators::concat),
                Operator.many("", "Split", 1, 2, ANY, Set.of("axis", "num_outputs"), LayoutOperators::split),
                Operator.of("Slice", 3, 5, ANY, NONE, LayoutOperators::slice),
                Operator.of("Trilu", 1, 2, ANY, Set.of("upper"), LayoutOperators::triangle),
                Operator.of(
                                "ConstantOfShape",
                                1,
                                1,
                                ANY,
                                Set.of("value"),
                                in -> in.memory().full(fill(in.node()), in.longs(0)))
                        .withoutGradient(),
                Operator.of("Range", 3, 3, OperandTypes.of("Range"), NONE, LayoutOperators::range)
                        .withoutGradient());
    }

    private static double fill(Node node) {
        return node.attributes().get("value") instanceof Attribute.Constant constant
                ? constant.value().toFloats()[0]
                : 0;
    }

    private static List<TorchValue> dropout(Arguments in) {
        boolean keepsAll = in.has(1) && in.numbers(1)[0] == 0;
        if (in.has(2) && in.tensor(2).item() != 0 && !keepsAll) {
            throw in.unsupported("dropout in training mode; export the model in evaluation mode");
        }
        TorchValue result = new TorchValue.OnDevice(ElementwiseOperators.same(in.array(0)));
        if (!in.node().hasOutput(1)) {
            return List.of(result);
        }
        long[] shape = in.shape(0);
        long[] mask = new long[(int) in.array(0).size()];
        Arrays.fill(mask, 1);
        return List.of(result, new TorchValue.OnHost(new HostTensor(ElementType.BOOL, mask, shape)));
    }

    private static NDArray flatten(Arguments in) {
        long[] shape = in.shape(0);
        long axis = in.node().integer("axis", 1);
        long rows = Arrays.stream(shape, 0, (int) (axis < 0 ? axis + shape.length : axis))
                .reduce(1, (a, b) -> a * b);
        long size = in.array(0).size();
        return in.array(0).reshape(new Shape(rows, rows == 0 ? 0 : size / rows));
    }

    private static NDArray transpose(Arguments in) {
        int[] permutation = Shapes.permutation(in.node(), in.rank(0));
        return permutation.length == 0
                ? ElementwiseOperators.same(in.array(0))
                : in.array(0).transpose(permutation);
    }

    private static NDArray concat(Arguments in) {
        int axis = in.axis("axis", 0);
        if (in.count() == 1) {
            // DJL copies a single part outside the graph of gradients.
            return ElementwiseOperators.same(in.array(0));
        }
        NDList parts = new NDList();
        for (int i = 0; i < in.count(); i++) {
            parts.add(in.array(i));
        }
        return NDArrays.concat(parts, axis);
    }

    private static List<TorchValue> split(Arguments in) {
        int axis = in.axis("axis", 0);
        long[] sizes = Shapes.split(in.node(), in.shape(0)[axis], in.longsOrNone(1));
        List<TorchValue> parts = new ArrayList<>();
        TorchNative.split(in.array(0), sizes, axis).forEach(part -> parts.add(new TorchValue.OnDevice(part)));
        return parts;
    }

    private static NDArray slice(Arguments in) {
        NDArray result = in.array(0);
        long[] starts = in.longs(1);
        for (int i = 0; i < starts.length; i++) {
            Shapes.Range range = Shapes.slice(
                    in.node(),
                    result.getShape().getShape(),
                    in.has(3) ? in.longs(3)[i] : i,
                    starts[i],
                    in.longs(2)[i],
                    in.has(4) ? in.longs(4)[i] : 1);
            result = slice(result, range);
        }
        return starts.length == 0 ? ElementwiseOperators.same(result) : result;
    }

    private static NDArray slice(NDArray array, Shapes.Range range) {
        long from = range.from();
        NDArray source = array;
        if (range.step() < 0) {
            // PyTorch slices forward only.
            source = array.flip(range.axis());
            from = array.getShape().get(range.axis()) - 1 - from;
        }
        if (range.count() == 0) {
            return TorchNative.slice(source, range.axis(), 0, 0, 1);
        }
        long step = Math.abs(range.step());
        return TorchNative.slice(source, range.axis(), from, from + (range.count() - 1) * step + 1, step);
    }

    private static NDArray triangle(Arguments in) {
        long diagonal = in.has(1) ? in.tensor(1).item() : 0;
        boolean upper = in.flag("upper", true);
        int rank = in.rank(0);
        int rows = (int) in.shape(0)[rank - 2];
        int columns = (int) in.shape(0)[rank - 1];
        long[] kept = new long[rows * columns];
        for (int i = 0; i < kept.length; i++) {
            int offset = i % columns - i / columns;
            kept[i] = upper == (offset >= diagonal) || offset == diagonal ? 1 : 0;
        }
        // A choice, not a product: what is cut off may be infinite.
        try (NDArray mask = in.memory().upload(new HostTensor(ElementType.BOOL, kept, new long[] {rows, columns}))) {
            return TorchNative.where(mask, in.array(0), in.scalar(0));
        }
    }

    private static NDArray range(Arguments in) {
        double start = in.numbers(0)[0];
        double limit = in.numbers(1)[0];
        double step = in.numbers(2)[0];
        if (step == 0) {
            throw in.unsupported("the step must not be 0");
        }
        int count = (int) Math.max(0, Math.ceil((limit - start) / step));
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (start + i * step);
        }
        return in.memory().upload(Tensor.of(values, count));
    }
}
