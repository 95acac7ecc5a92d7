package dev.save4j.tensorflow;

import static dev.save4j.tensorflow.Operator.ANY;

import ai.djl.ndarray.types.DataType;
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
import java.util.stream.IntStream;

/** Operators that move elements, or make tensors of a shape. */
final class LayoutOperators {
    private static final Set<String> NONE = Set.of();

    private LayoutOperators() {}

    static List<Operator> all() {
        return List.of(
                Operator.of("Identity", 1, 1, ANY, NONE, in -> in.symbol(0)),
                Operator.many(
                        Node.SAVE4J,
                        "StopGradient",
                        1,
                        1,
                        ANY,
                        NONE,
                        Operator.single(in -> in.ops().stopGradient(in.symbol(0)))),
                Operator.many("", "Dropout", 1, 3, ANY, Set.of("seed"), LayoutOperators::dropout),
                Operator.of(
                        "Reshape",
                        2,
                        2,
                        ANY,
                        Set.of("allowzero"),
                        in -> in.ops()
                                .reshape(
                                        in.symbol(0),
                                        Shapes.reshape(
                                                in.node(), in.shape(0), in.longs(1), in.flag("allowzero", false)))),
                Operator.of("Flatten", 1, 1, ANY, Set.of("axis"), LayoutOperators::flatten),
                Operator.of(
                        "Unsqueeze",
                        2,
                        2,
                        ANY,
                        NONE,
                        in -> in.ops().reshape(in.symbol(0), Shapes.unsqueeze(in.node(), in.shape(0), in.longs(1)))),
                Operator.of(
                        "Squeeze",
                        1,
                        2,
                        ANY,
                        NONE,
                        in -> in.ops()
                                .reshape(in.symbol(0), Shapes.squeeze(in.node(), in.shape(0), in.longsOrNone(1)))),
                Operator.of(
                        "Transpose",
                        1,
                        1,
                        ANY,
                        Set.of("perm"),
                        in -> in.ops().transpose(in.symbol(0), Shapes.permutation(in.node(), in.rank(0)))),
                Operator.of(
                        "Expand",
                        2,
                        2,
                        ANY,
                        NONE,
                        in -> in.ops().broadcast(in.symbol(0), Shapes.broadcast(in.node(), in.shape(0), in.longs(1)))),
                Operator.of(
                        "Tile",
                        2,
                        2,
                        ANY,
                        NONE,
                        in -> in.ops().binary("Tile", in.symbol(0), in.ops().vector(in.longs(1)))),
                Operator.of(
                        "Concat",
                        1,
                        Operator.MANY,
                        ANY,
                        Set.of("axis"),
                        in -> in.ops()
                                .concat(
                                        IntStream.range(0, in.count())
                                                .mapToObj(in::symbol)
                                                .toList(),
                                        in.axis("axis", 0))),
                Operator.many("", "Split", 1, 2, ANY, Set.of("axis", "num_outputs"), LayoutOperators::split),
                Operator.of("Slice", 3, 5, ANY, NONE, LayoutOperators::slice),
                Operator.of("Trilu", 1, 2, ANY, Set.of("upper"), LayoutOperators::triangle),
                Operator.of(
                                "ConstantOfShape",
                                1,
                                1,
                                ANY,
                                Set.of("value"),
                                in -> in.ops().filled(fill(in.node()), in.longs(0)))
                        .withoutGradient(),
                Operator.of("Range", 3, 3, OperandTypes.of("Range"), NONE, LayoutOperators::range)
                        .withoutGradient());
    }

    private static double fill(Node node) {
        return node.attributes().get("value") instanceof Attribute.Constant constant
                ? constant.value().toFloats()[0]
                : 0;
    }

    private static List<TracedValue> dropout(Arguments in) {
        boolean keepsAll = in.has(1) && in.numbers(1)[0] == 0;
        if (in.has(2) && in.tensor(2).item() != 0 && !keepsAll) {
            throw in.unsupported("dropout in training mode; export the model in evaluation mode");
        }
        TracedValue result = new TracedValue.OnDevice(in.symbol(0));
        if (!in.node().hasOutput(1)) {
            return List.of(result);
        }
        long[] mask = new long[(int) in.symbol(0).size()];
        Arrays.fill(mask, 1);
        HostTensor all = new HostTensor(ElementType.BOOL, mask, in.shape(0));
        return List.of(result, in.onHost(given -> all, true));
    }

    private static Symbol flatten(Arguments in) {
        long[] shape = in.shape(0);
        long axis = in.node().integer("axis", 1);
        long rows = Arrays.stream(shape, 0, (int) (axis < 0 ? axis + shape.length : axis))
                .reduce(1, (a, b) -> a * b);
        long size = in.symbol(0).size();
        return in.ops().reshape(in.symbol(0), rows, rows == 0 ? 0 : size / rows);
    }

    private static List<TracedValue> split(Arguments in) {
        int axis = in.axis("axis", 0);
        List<TracedValue> parts = new ArrayList<>();
        long from = 0;
        for (long size : Shapes.split(in.node(), in.shape(0)[axis], in.longsOrNone(1))) {
            parts.add(new TracedValue.OnDevice(in.ops().slice(in.symbol(0), axis, from, size)));
            from += size;
        }
        return parts;
    }

    private static Symbol slice(Arguments in) {
        Symbol result = in.symbol(0);
        long[] starts = in.longs(1);
        for (int i = 0; i < starts.length; i++) {
            Shapes.Range range = Shapes.slice(
                    in.node(),
                    result.shape(),
                    in.has(3) ? in.longs(3)[i] : i,
                    starts[i],
                    in.longs(2)[i],
                    in.has(4) ? in.longs(4)[i] : 1);
            result = in.ops().slice(result, range.axis(), range.from(), range.count(), range.step());
        }
        return result;
    }

    private static Symbol triangle(Arguments in) {
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
        HostTensor mask = new HostTensor(ElementType.BOOL, kept, new long[] {rows, columns});
        // A choice, not a product: what is cut off may be infinite.
        return in.ops().where(in.ops().constant(mask, DataType.BOOLEAN), in.symbol(0), in.scalar(0));
    }

    private static Symbol range(Arguments in) {
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
        return in.ops().constant(Tensor.of(values, count));
    }
}
