package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;

/**
 * Evaluates the integer and boolean nodes of a graph on the host, by the ONNX operator specifications at {@link Graph#OPSET}: the arithmetic of
 * shapes, token ids and masks, through which no gradient flows. Every gradient engine uses it, so that they agree on it and only floating tensors
 * reach the device. Stateless.
 */
public final class HostArithmetic {
    private static final Set<String> OPERATORS = Set.of(
            "Abs",
            "Add",
            "And",
            "ArgMax",
            "ArgMin",
            "Cast",
            "Clip",
            "Concat",
            "Constant",
            "ConstantOfShape",
            "CumSum",
            "Div",
            "Equal",
            "Expand",
            "Flatten",
            "Gather",
            "GatherElements",
            "GatherND",
            "Greater",
            "GreaterOrEqual",
            "Identity",
            "Less",
            "LessOrEqual",
            "Max",
            "Min",
            "Mod",
            "Mul",
            "Neg",
            "NonZero",
            "Not",
            "Or",
            "Range",
            "ReduceMax",
            "ReduceMin",
            "ReduceProd",
            "ReduceSum",
            "Reshape",
            "Shape",
            "Sign",
            "Size",
            "Slice",
            "Split",
            "Squeeze",
            "Sub",
            "Sum",
            "Tile",
            "Transpose",
            "Trilu",
            "Unsqueeze",
            "Where",
            "Xor");

    private final Node node;
    private final Operands operands;

    private HostArithmetic(Node node, Operands operands) {
        this.node = node;
        this.operands = operands;
    }

    /** The operands of one node, by position. Only positions for which {@link Node#hasInput} holds are asked for. */
    public interface Operands {
        HostTensor tensor(int index);

        /** The shape alone, which a tensor on a device has as well. */
        default long[] shape(int index) {
            return tensor(index).shape();
        }
    }

    /** Whether {@link #evaluate} knows the operator, provided that its operands and results are integers or booleans. */
    public static boolean supports(Node node) {
        return (node.domain().isEmpty() && OPERATORS.contains(node.operator()))
                || node.qualifiedOperator().equals("dev.save4j::StopGradient");
    }

    /** The standard operators that {@link #evaluate} knows. */
    public static Set<String> operators() {
        return OPERATORS;
    }

    /** All results of a node. A USER error names the node when its operands do not fit. */
    public static List<HostTensor> evaluate(Node node, Operands operands) {
        HostArithmetic arithmetic = new HostArithmetic(node, operands);
        return node.operator().equals("Split") ? arithmetic.split() : List.of(arithmetic.single());
    }

    private HostTensor single() {
        return switch (node.operator()) {
            case "Constant" -> constant();
            case "Identity", "StopGradient" -> tensor(0);
            case "Shape" -> HostTensor.vector(Shapes.shape(node, operands.shape(0)));
            case "Size" ->
                HostTensor.scalar(
                        ElementType.INT64, Arrays.stream(operands.shape(0)).reduce(1, (a, b) -> a * b));
            case "Cast" -> cast();
            case "Add" -> zip(Long::sum);
            case "Sub" -> zip((a, b) -> a - b);
            case "Mul" -> zip((a, b) -> a * b);
            case "Div" -> zip((a, b) -> a / divisor(b));
            case "Mod" ->
                node.integer("fmod", 0) == 1
                        ? zip((a, b) -> a % divisor(b))
                        : zip((a, b) -> Math.floorMod(a, divisor(b)));
            case "Min" -> zip(Math::min);
            case "Max" -> zip(Math::max);
            case "Sum" -> zip(Long::sum);
            case "And" -> zip((a, b) -> a & b);
            case "Or" -> zip((a, b) -> a | b);
            case "Xor" -> zip((a, b) -> a ^ b);
            case "Equal" -> compare((a, b) -> a == b ? 1 : 0);
            case "Greater" -> compare((a, b) -> a > b ? 1 : 0);
            case "GreaterOrEqual" -> compare((a, b) -> a >= b ? 1 : 0);
            case "Less" -> compare((a, b) -> a < b ? 1 : 0);
            case "LessOrEqual" -> compare((a, b) -> a <= b ? 1 : 0);
            case "Neg" -> map(a -> -a);
            case "Abs" -> map(Math::abs);
            case "Sign" -> map(Long::signum);
            case "Not" -> map(a -> 1 - a);
            case "Clip" -> clip();
            case "Where" -> where();
            case "Range" -> range();
            case "ConstantOfShape" -> constantOfShape();
            case "Expand" -> HostLayout.expand(tensor(0), broadcast(shape(0), longs(1)));
            case "Reshape" ->
                tensor(0).reshaped(Shapes.reshape(node, shape(0), longs(1), node.integer("allowzero", 0) == 1));
            case "Flatten" -> flatten();
            case "Unsqueeze" -> tensor(0).reshaped(Shapes.unsqueeze(node, shape(0), longs(1)));
            case "Squeeze" -> tensor(0).reshaped(Shapes.squeeze(node, shape(0), longsOrNone(1)));
            case "Transpose" -> HostLayout.transpose(tensor(0), Shapes.permutation(node, shape(0).length));
            case "Concat" -> HostLayout.concat(node, all(), axis(node.integer("axis", 0)));
            case "Slice" -> slice();
            case "Tile" -> tile();
            case "Trilu" -> trilu();
            case "Gather" -> HostLayout.gather(node, tensor(0), tensor(1), axis(node.integer("axis", 0)));
            case "GatherElements" ->
                HostLayout.gatherElements(node, tensor(0), tensor(1), axis(node.integer("axis", 0)));
            case "GatherND" -> gatherAtPositions();
            case "ReduceSum" -> reduce(0, Long::sum);
            case "ReduceProd" -> reduce(1, (a, b) -> a * b);
            case "ReduceMax" -> reduce(Long.MIN_VALUE, Math::max);
            case "ReduceMin" -> reduce(Long.MAX_VALUE, Math::min);
            case "CumSum" ->
                HostReduction.cumulativeSum(
                        tensor(0),
                        axis(tensor(1).item()),
                        node.integer("exclusive", 0) == 1,
                        node.integer("reverse", 0) == 1);
            case "ArgMax" -> argExtreme(true);
            case "ArgMin" -> argExtreme(false);
            case "NonZero" -> HostReduction.nonZero(tensor(0));
            default -> throw SaveException.internal(node.describe() + " has no integer rule");
        };
    }

    private HostTensor tensor(int index) {
        return operands.tensor(index);
    }

    private long[] shape(int index) {
        return operands.shape(index);
    }

    private long[] longs(int index) {
        return tensor(index).values();
    }

    private long[] longsOrNone(int index) {
        return node.hasInput(index) ? longs(index) : new long[0];
    }

    private List<HostTensor> all() {
        List<HostTensor> all = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            all.add(tensor(i));
        }
        return all;
    }

    private int axis(long axis) {
        return Shapes.axis(node, axis, shape(0).length);
    }

    private long[] broadcast(long[]... shapes) {
        return Shapes.broadcast(node, shapes);
    }

    private long divisor(long value) {
        if (value == 0) {
            throw SaveException.user(node.describe() + ": division of integers by zero");
        }
        return value;
    }

    private HostTensor map(LongUnaryOperator function) {
        HostTensor tensor = tensor(0);
        long[] values = new long[tensor.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostTensor.wrap(tensor.type(), function.applyAsLong(tensor.values()[i]));
        }
        return new HostTensor(tensor.type(), values, tensor.shape());
    }

    /** Folds any number of operands; most operators have two. */
    private HostTensor zip(LongBinaryOperator function) {
        HostTensor result = tensor(0);
        for (int i = 1; i < node.inputs().size(); i++) {
            result = zip(result.type(), result, tensor(i), function);
        }
        return result;
    }

    private HostTensor compare(LongBinaryOperator function) {
        return zip(ElementType.BOOL, tensor(0), tensor(1), function);
    }

    private HostTensor zip(ElementType type, HostTensor left, HostTensor right, LongBinaryOperator function) {
        long[] shape = broadcast(left.shape(), right.shape());
        long[] values = HostLayout.combine(left, right, shape, function);
        // 64-bit integers wrap by themselves, and of zeros and ones come zeros and ones.
        if (type != ElementType.INT64 && type != ElementType.BOOL) {
            for (int i = 0; i < values.length; i++) {
                values[i] = HostTensor.wrap(type, values[i]);
            }
        }
        return new HostTensor(type, values, shape);
    }

    private HostTensor where() {
        long[] shape = broadcast(shape(0), shape(1), shape(2));
        long[] condition = HostLayout.expand(tensor(0), shape).values();
        long[] whenTrue = HostLayout.expand(tensor(1), shape).values();
        long[] whenFalse = HostLayout.expand(tensor(2), shape).values();
        long[] values = new long[condition.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = condition[i] != 0 ? whenTrue[i] : whenFalse[i];
        }
        return new HostTensor(tensor(1).type(), values, shape);
    }

    private HostTensor clip() {
        long low = node.hasInput(1) ? tensor(1).item() : Long.MIN_VALUE;
        long high = node.hasInput(2) ? tensor(2).item() : Long.MAX_VALUE;
        return map(value -> Math.min(high, Math.max(low, value)));
    }

    private HostTensor cast() {
        ElementType to = ElementType.ofOnnxCode((int) node.integer("to", 0));
        HostTensor from = tensor(0);
        if (from.type() == to) {
            return from;
        }
        long[] values = new long[from.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostTensor.wrap(to, from.values()[i]);
        }
        return new HostTensor(to, values, from.shape());
    }

    private HostTensor constant() {
        Attribute value = node.attributes().values().iterator().next();
        if (value instanceof Attribute.Constant constant) {
            return HostTensor.of(constant.value());
        } else if (value instanceof Attribute.Int integer) {
            return HostTensor.scalar(ElementType.INT64, integer.value());
        } else if (value instanceof Attribute.Ints integers) {
            return HostTensor.vector(integers.toArray());
        }
        throw SaveException.internal(node.describe() + " holds no integers");
    }

    private HostTensor constantOfShape() {
        HostTensor value = node.attributes().get("value") instanceof Attribute.Constant constant
                ? HostTensor.of(constant.value())
                : HostTensor.scalar(ElementType.INT64, 0);
        long[] values = new long[HostTensor.size(longs(0))];
        Arrays.fill(values, value.item());
        return new HostTensor(value.type(), values, longs(0));
    }

    private HostTensor range() {
        long start = tensor(0).item();
        long step = divisor(tensor(2).item());
        long distance = tensor(1).item() - start;
        long count = distance == 0 || (distance < 0) != (step < 0) ? 0 : (Math.abs(distance) - 1) / Math.abs(step) + 1;
        long[] values = LongStream.range(0, count).map(i -> start + i * step).toArray();
        return new HostTensor(tensor(0).type(), values, new long[] {count});
    }

    private HostTensor flatten() {
        long[] shape = shape(0);
        long axis = node.integer("axis", 1);
        int at = (int) (axis < 0 ? axis + shape.length : axis);
        return tensor(0).reshaped(HostLayout.product(shape, 0, at), HostLayout.product(shape, at, shape.length));
    }

    private HostTensor slice() {
        HostTensor result = tensor(0);
        long[] starts = longs(1);
        for (int i = 0; i < starts.length; i++) {
            Shapes.Range range = Shapes.slice(
                    node,
                    result.shape(),
                    node.hasInput(3) ? longs(3)[i] : i,
                    starts[i],
                    longs(2)[i],
                    node.hasInput(4) ? longs(4)[i] : 1);
            result = HostLayout.slice(result, range.axis(), range.from(), range.count(), range.step());
        }
        return result;
    }

    private List<HostTensor> split() {
        int axis = axis(node.integer("axis", 0));
        List<HostTensor> parts = new ArrayList<>();
        long from = 0;
        for (long size : Shapes.split(node, shape(0)[axis], longsOrNone(1))) {
            parts.add(HostLayout.slice(tensor(0), axis, from, size, 1));
            from += size;
        }
        return parts;
    }

    private HostTensor tile() {
        HostTensor result = tensor(0);
        long[] repeats = longs(1);
        for (int axis = 0; axis < repeats.length; axis++) {
            if (repeats[axis] != 1) {
                HostTensor once = result;
                result = repeats[axis] == 0
                        ? HostLayout.slice(once, axis, 0, 0, 1)
                        : HostLayout.concat(
                                node,
                                LongStream.range(0, repeats[axis])
                                        .mapToObj(i -> once)
                                        .toList(),
                                axis);
            }
        }
        return result;
    }

    private HostTensor trilu() {
        HostTensor tensor = tensor(0);
        long[] shape = tensor.shape();
        long diagonal = node.hasInput(1) ? tensor(1).item() : 0;
        boolean upper = node.integer("upper", 1) == 1;
        long rows = shape[shape.length - 2];
        long columns = shape[shape.length - 1];
        long[] values = tensor.values().clone();
        for (int i = 0; i < values.length; i++) {
            long offset = i % columns - i / columns % rows;
            if (upper ? offset < diagonal : offset > diagonal) {
                values[i] = 0;
            }
        }
        return new HostTensor(tensor.type(), values, shape);
    }

    private HostTensor gatherAtPositions() {
        HostTensor data = tensor(0);
        HostTensor rows = positions(node, data.shape(), tensor(1), (int) node.integer("batch_dims", 0));
        int batch = (int) node.integer("batch_dims", 0);
        int depth = (int) shape(1)[shape(1).length - 1];
        int inner = HostLayout.product(data.shape(), batch + depth, data.rank());
        HostTensor flat = data.reshaped(inner == 0 ? 0 : data.size() / inner, inner);
        long[] shape = Arrays.copyOf(rows.shape(), rows.rank() + data.rank() - batch - depth);
        System.arraycopy(data.shape(), batch + depth, shape, rows.rank(), data.rank() - batch - depth);
        return HostLayout.gather(node, flat, rows, 0).reshaped(shape);
    }

    /**
     * GatherND as a lookup of rows: with the leading {@code batch + depth} axes of the data flattened to one, the row of every position.
     *
     * @param indices {@code [batch…, n…, depth]}
     * @return {@code [batch…, n…]}
     */
    public static HostTensor positions(Node node, long[] data, HostTensor indices, int batch) {
        long[] shape = indices.shape();
        int depth = (int) shape[shape.length - 1];
        if (batch + depth > data.length) {
            throw SaveException.user(node.describe() + ": positions of " + depth + " numbers with " + batch
                    + " batch dimensions do not fit data of shape " + Arrays.toString(data));
        }
        long[] lead = Arrays.copyOf(shape, shape.length - 1);
        long[] rows = new long[HostTensor.size(lead)];
        int perBatch = Math.max(1, HostLayout.product(lead, batch, lead.length));
        for (int i = 0; i < rows.length; i++) {
            long row = i / perBatch;
            for (int d = 0; d < depth; d++) {
                int size = (int) data[batch + d];
                row = row * size + HostLayout.row(node, indices.values()[i * depth + d], size);
            }
            rows[i] = row;
        }
        return new HostTensor(ElementType.INT64, rows, lead);
    }

    private HostTensor reduce(long identity, LongBinaryOperator combine) {
        long[] axes = longsOrNone(1);
        return HostReduction.reduce(
                tensor(0),
                Shapes.axes(node, axes, shape(0).length),
                node.integer("keepdims", 1) == 1,
                identity,
                node.integer("noop_with_empty_axes", 0) == 1,
                combine);
    }

    private HostTensor argExtreme(boolean largest) {
        return HostReduction.argExtreme(
                tensor(0),
                axis(node.integer("axis", 0)),
                node.integer("keepdims", 1) == 1,
                largest,
                node.integer("select_last_index", 0) == 1);
    }
}
