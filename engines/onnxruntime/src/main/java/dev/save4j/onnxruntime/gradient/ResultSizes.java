package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** The sizes of the results of one node, by the ONNX operator specifications. */
final class ResultSizes {
    private static final Set<String> BROADCAST = Set.of(("Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max"
                    + " Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor BiasGelu")
            .split(" ", -1));
    private static final Set<String> LIKE_FIRST =
            Set.of(("Abs Acos Acosh Asin Asinh Atan Atanh Cast CastLike Ceil Celu Clip"
                            + " Cos Cosh CumSum Dropout Elu Erf Exp FastGelu Floor Gelu GroupNormalization HardSigmoid HardSwish"
                            + " Hardmax Identity InstanceNormalization IsInf IsNaN LeakyRelu Log LogSoftmax LpNormalization"
                            + " MeanVarianceNormalization Mish Neg Not QuickGelu RMSNormalization Reciprocal Relu"
                            + " ReverseSequence RotaryEmbedding Round ScatterElements ScatterND Selu Shrink Sigmoid Sign"
                            + " SimplifiedLayerNormalization Sin Sinh SkipLayerNormalization SkipSimplifiedLayerNormalization Softmax"
                            + " Softplus Softsign Sqrt StopGradient Swish Tan Tanh ThresholdedRelu Trilu")
                    .split(" ", -1));

    private final Node node;
    private final Types types;

    ResultSizes(Node node, Types types) {
        this.node = node;
        this.types = types;
    }

    Optional<List<Size>> of(int result) {
        String operator = node.operator();
        if (LIKE_FIRST.contains(operator)) {
            boolean statistics = operator.startsWith("Skip") && (result == 1 || result == 2)
                    || operator.equals("SimplifiedLayerNormalization") && result > 0;
            return statistics ? statistics(operator.startsWith("Skip") ? -1 : node.integer("axis", -1)) : operand(0);
        }
        if (BROADCAST.contains(operator)) {
            return broadcast();
        }
        if (operator.startsWith("Reduce")) {
            return operand(0).flatMap(sizes -> reduced(sizes, result));
        }
        return switch (operator) {
            case "LayerNormalization" -> result == 0 ? operand(0) : statistics(node.integer("axis", -1));
            case "ArgMax", "ArgMin" ->
                operand(0)
                        .map(sizes -> without(
                                sizes,
                                new int[] {axis(node.integer("axis", 0), sizes.size())},
                                node.integer("keepdims", 1) != 0));
            case "MatMul" -> product(false, false);
            case "FusedMatMul" ->
                node.integer("transBatchA", 0) != 0 || node.integer("transBatchB", 0) != 0
                        ? ranked(result, operand(0).map(List::size).orElse(-1))
                        : product(node.integer("transA", 0) != 0, node.integer("transB", 0) != 0);
            case "Gemm" -> gemm();
            case "Einsum" -> einsum(result);
            case "Shape" ->
                operand(0).map(sizes -> List.of(Size.of(Shapes.shape(node, new long[sizes.size()]).length)));
            case "Size" -> Optional.of(List.of());
            case "Range", "NonZero" -> range(result);
            case "Reshape" -> reshape(result);
            case "Flatten" -> flatten();
            case "Squeeze" -> squeeze();
            case "Unsqueeze" -> unsqueeze();
            case "Transpose" -> transpose();
            case "Expand" -> expand(result);
            case "ConstantOfShape" -> integers(0).or(() -> length(0).map(rank -> unknowns(result, rank)));
            case "Tile" -> tile(result);
            case "Concat" -> concat();
            case "Split" -> split(result);
            case "Slice" -> slice(result);
            case "Pad" -> pad(result);
            case "Gather" -> gather();
            case "GatherElements" -> operand(1);
            case "GatherND" -> gatherAtPositions();
            case "TopK" -> topK(result);
            case "OneHot" -> oneHot(result);
            case "Attention" -> node.domain().isEmpty() && result == 0 ? attention() : Optional.empty();
            default -> Optional.empty();
        };
    }

    private ValueType type(int operand) {
        return types.of(node.inputs().get(operand));
    }

    private Optional<List<Size>> operand(int index) {
        return node.hasInput(index) ? type(index).sizes() : Optional.empty();
    }

    private Optional<List<Size>> integers(int index) {
        return node.hasInput(index) ? types.integers(node.inputs().get(index)) : Optional.empty();
    }

    private Optional<long[]> fixed(int index) {
        return node.hasInput(index) ? types.fixedIntegers(node.inputs().get(index)) : Optional.empty();
    }

    /** How many elements a vector has. */
    private Optional<Integer> length(int index) {
        return operand(index)
                .filter(sizes -> sizes.size() == 1 && sizes.get(0).isFixed())
                .map(sizes -> (int) sizes.get(0).factor());
    }

    private Size unknown(int result, int axis) {
        return Size.named(node.outputs().get(result) + ":" + axis);
    }

    private List<Size> unknowns(int result, int rank) {
        return IntStream.range(0, rank).mapToObj(axis -> unknown(result, axis)).toList();
    }

    private Optional<List<Size>> ranked(int result, int rank) {
        return rank < 0 ? Optional.empty() : Optional.of(unknowns(result, rank));
    }

    private int axis(long axis, int rank) {
        return Shapes.axis(node, axis, rank);
    }

    private Optional<List<Size>> broadcast() {
        List<Size> all = List.of();
        for (int i = 0; i < node.inputs().size(); i++) {
            Optional<List<Size>> sizes = operand(i);
            if (sizes.isEmpty()) {
                return sizes;
            }
            all = broadcast(all, sizes.get());
        }
        return Optional.of(all);
    }

    private static List<Size> broadcast(List<Size> left, List<Size> right) {
        int rank = Math.max(left.size(), right.size());
        List<Size> sizes = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            int a = i - rank + left.size();
            int b = i - rank + right.size();
            sizes.add(a < 0 ? right.get(b) : b < 0 ? left.get(a) : Size.broadcast(left.get(a), right.get(b)));
        }
        return sizes;
    }

    private static List<Size> without(List<Size> sizes, int[] axes, boolean keep) {
        Set<Integer> gone = new HashSet<>();
        Arrays.stream(axes).forEach(gone::add);
        List<Size> kept = new ArrayList<>();
        for (int axis = 0; axis < sizes.size(); axis++) {
            if (!gone.contains(axis)) {
                kept.add(sizes.get(axis));
            } else if (keep) {
                kept.add(Size.ONE);
            }
        }
        return kept;
    }

    private Optional<List<Size>> reduced(List<Size> sizes, int result) {
        boolean keep = node.integer("keepdims", 1) != 0;
        Optional<long[]> given = node.hasInput(1) ? fixed(1) : Optional.of(new long[0]);
        if (given.isEmpty()) {
            return keep ? Optional.of(unknowns(result, sizes.size())) : Optional.empty();
        }
        long[] axes = given.get();
        if (axes.length == 0) {
            return Optional.of(
                    node.integer("noop_with_empty_axes", 0) != 0
                            ? sizes
                            : without(sizes, IntStream.range(0, sizes.size()).toArray(), keep));
        }
        return Optional.of(without(sizes, Shapes.axes(node, axes, sizes.size()), keep));
    }

    private Optional<List<Size>> statistics(long from) {
        return operand(0).map(sizes -> {
            int axis = axis(from, sizes.size());
            return without(sizes, IntStream.range(axis, sizes.size()).toArray(), true);
        });
    }

    private Optional<List<Size>> product(boolean transposeLeft, boolean transposeRight) {
        Optional<List<Size>> left = operand(0);
        Optional<List<Size>> right = operand(1);
        if (left.isEmpty() || right.isEmpty()) {
            return Optional.empty();
        }
        List<Size> a = left.get();
        List<Size> b = right.get();
        if (a.isEmpty() || b.isEmpty()) {
            return Optional.empty();
        }
        List<Size> sizes = new ArrayList<>(broadcast(
                a.subList(0, Math.max(0, a.size() - 2)), b.subList(0, Math.max(0, b.size() - 2))));
        if (a.size() > 1) {
            sizes.add(a.get(a.size() - (transposeLeft ? 1 : 2)));
        }
        if (b.size() > 1) {
            sizes.add(b.get(b.size() - (transposeRight ? 2 : 1)));
        }
        return Optional.of(sizes);
    }

    private Optional<List<Size>> gemm() {
        return operand(0)
                .flatMap(a -> operand(1)
                        .map(b -> List.of(
                                a.get(node.integer("transA", 0) != 0 ? 1 : 0),
                                b.get(node.integer("transB", 0) != 0 ? 0 : 1))));
    }

    private Optional<List<Size>> einsum(int result) {
        Equation equation = Equation.of(node);
        List<Size> sizes = new ArrayList<>();
        for (char letter : equation.output().toCharArray()) {
            Size size = unknown(result, sizes.size());
            for (int i = 0; i < equation.terms().size(); i++) {
                int at = equation.terms().get(i).indexOf(letter);
                if (at >= 0 && operand(i).isPresent() && at < operand(i).get().size()) {
                    size = operand(i).get().get(at);
                }
            }
            sizes.add(size);
        }
        return equation.output().contains(".") ? Optional.empty() : Optional.of(sizes);
    }

    private Optional<List<Size>> range(int result) {
        if (node.operator().equals("NonZero")) {
            return operand(0).map(sizes -> List.of(Size.of(sizes.size()), unknown(result, 1)));
        }
        Optional<List<Size>> start = integers(0);
        Optional<List<Size>> limit = integers(1);
        Optional<List<Size>> step = integers(2);
        boolean counts = start.filter(s -> s.get(0).is(0)).isPresent()
                && step.filter(s -> s.get(0).is(1)).isPresent()
                && limit.isPresent();
        return Optional.of(List.of(counts ? limit.get().get(0) : unknown(result, 0)));
    }

    private Optional<List<Size>> reshape(int result) {
        Optional<List<Size>> wanted = integers(1);
        Optional<List<Size>> from = operand(0);
        if (wanted.isEmpty()) {
            return length(1).map(rank -> unknowns(result, rank));
        }
        boolean allowZero = node.integer("allowzero", 0) != 0;
        List<Size> sizes = new ArrayList<>();
        int inferred = -1;
        Size known = Size.ONE;
        for (int axis = 0; axis < wanted.get().size(); axis++) {
            Size size = wanted.get().get(axis);
            if (size.is(-1)) {
                inferred = axis;
                size = unknown(result, axis);
            } else {
                if (size.is(0) && !allowZero) {
                    size = from.isPresent() && axis < from.get().size()
                            ? from.get().get(axis)
                            : unknown(result, axis);
                }
                known = known.times(size);
            }
            sizes.add(size);
        }
        if (inferred >= 0 && from.isPresent()) {
            int at = inferred;
            from.get().stream().reduce(Size.ONE, Size::times).dividedBy(known).ifPresent(size -> sizes.set(at, size));
        }
        return Optional.of(sizes);
    }

    private Optional<List<Size>> flatten() {
        return operand(0).map(sizes -> {
            long axis = node.integer("axis", 1);
            int at = (int) (axis < 0 ? axis + sizes.size() : axis);
            return List.of(
                    sizes.subList(0, at).stream().reduce(Size.ONE, Size::times),
                    sizes.subList(at, sizes.size()).stream().reduce(Size.ONE, Size::times));
        });
    }

    private Optional<List<Size>> squeeze() {
        Optional<List<Size>> from = operand(0);
        if (from.isEmpty()) {
            return from;
        }
        if (!node.hasInput(1)) {
            return from.filter(sizes -> sizes.stream().allMatch(Size::isFixed))
                    .map(sizes -> sizes.stream().filter(size -> !size.is(1)).toList());
        }
        return fixed(1).map(axes ->
                without(from.get(), Shapes.axes(node, axes, from.get().size()), false));
    }

    private Optional<List<Size>> unsqueeze() {
        Optional<List<Size>> from = operand(0);
        Optional<long[]> axes = fixed(1);
        if (from.isEmpty() || axes.isEmpty()) {
            return from.flatMap(sizes -> length(1).map(more -> unknowns(0, sizes.size() + more)));
        }
        List<Size> sizes = new ArrayList<>(from.get());
        for (int axis : Shapes.axes(node, axes.get(), sizes.size() + axes.get().length)) {
            sizes.add(axis, Size.ONE);
        }
        return Optional.of(sizes);
    }

    private Optional<List<Size>> transpose() {
        return operand(0)
                .map(sizes -> Arrays.stream(Shapes.permutation(node, sizes.size()))
                        .mapToObj(sizes::get)
                        .toList());
    }

    private Optional<List<Size>> expand(int result) {
        Optional<List<Size>> from = operand(0);
        Optional<List<Size>> to = integers(1);
        if (from.isPresent() && to.isPresent()) {
            return Optional.of(broadcast(from.get(), to.get()));
        }
        return from.flatMap(sizes -> length(1).map(rank -> unknowns(result, Math.max(rank, sizes.size()))));
    }

    private Optional<List<Size>> tile(int result) {
        Optional<List<Size>> times = integers(1);
        return operand(0).map(sizes -> {
            List<Size> tiled = new ArrayList<>();
            for (int axis = 0; axis < sizes.size(); axis++) {
                tiled.add(times.isPresent() ? sizes.get(axis).times(times.get().get(axis)) : unknown(result, axis));
            }
            return tiled;
        });
    }

    private Optional<List<Size>> concat() {
        Optional<List<Size>> first = operand(0);
        if (first.isEmpty()) {
            return first;
        }
        List<Size> sizes = new ArrayList<>(first.get());
        int axis = axis(node.integer("axis", 0), sizes.size());
        for (int i = 1; i < node.inputs().size(); i++) {
            Optional<List<Size>> part = operand(i);
            if (part.isEmpty() || part.get().size() != sizes.size()) {
                return Optional.empty();
            }
            for (int d = 0; d < sizes.size(); d++) {
                Size size = part.get().get(d);
                if (d == axis) {
                    sizes.set(d, sizes.get(d).plus(size));
                } else if (size.isFixed()) {
                    // All parts have this size, and the one that is known says it.
                    sizes.set(d, size);
                }
            }
        }
        return Optional.of(sizes);
    }

    private Optional<List<Size>> split(int result) {
        return operand(0).map(from -> {
            List<Size> sizes = new ArrayList<>(from);
            int axis = axis(node.integer("axis", 0), from.size());
            Size size = unknown(result, axis);
            if (node.hasInput(1)) {
                size = integers(1).map(parts -> parts.get(result)).orElse(size);
            } else if (from.get(axis).isFixed()) {
                size = Size.of(Shapes.split(node, from.get(axis).factor(), new long[0])[result]);
            }
            sizes.set(axis, size);
            return sizes;
        });
    }

    private Optional<List<Size>> slice(int result) {
        Optional<List<Size>> from = operand(0);
        if (from.isEmpty()) {
            return from;
        }
        List<Size> sizes = new ArrayList<>(from.get());
        Optional<List<Size>> starts = integers(1);
        Optional<List<Size>> ends = integers(2);
        Optional<long[]> axes = node.hasInput(3) ? fixed(3) : Optional.of(new long[0]);
        Optional<long[]> steps = node.hasInput(4) ? fixed(4) : Optional.of(new long[0]);
        if (axes.isEmpty() || node.hasInput(3) && axes.get().length == 0) {
            return axes.isEmpty() ? Optional.of(unknowns(result, sizes.size())) : from;
        }
        int count = node.hasInput(3) ? axes.get().length : length(1).orElse(sizes.size());
        for (int i = 0; i < count; i++) {
            int axis = node.hasInput(3) ? axis(axes.get()[i], sizes.size()) : i;
            boolean known = starts.isPresent() && ends.isPresent() && steps.isPresent();
            sizes.set(
                    axis,
                    known
                            ? sliced(
                                    sizes.get(axis),
                                    starts.get().get(i),
                                    ends.get().get(i),
                                    steps.get().length == 0 ? 1 : steps.get()[i])
                            : unknown(result, axis));
        }
        return Optional.of(sizes);
    }

    private Size sliced(Size whole, Size start, Size end, long step) {
        if (whole.isFixed() && start.isFixed() && end.isFixed()) {
            return Size.of(Shapes.slice(node, new long[] {whole.factor()}, 0, start.factor(), end.factor(), step)
                    .count());
        }
        if (step == 1 && start.is(0)) {
            if (end.equals(whole) || end.isFixed() && end.factor() >= Integer.MAX_VALUE) {
                return whole;
            }
            if (whole.isFixed() && !end.isFixed()) {
                return Size.smaller(whole.factor(), end);
            }
        }
        return Size.named("slice(" + whole + "," + start + "," + end + "," + step + ")");
    }

    private Optional<List<Size>> pad(int result) {
        Optional<List<Size>> pads = integers(1);
        Optional<long[]> axes = node.hasInput(3) ? fixed(3) : Optional.of(new long[0]);
        return operand(0).map(from -> {
            if (pads.isEmpty() || axes.isEmpty()) {
                return unknowns(result, from.size());
            }
            List<Size> sizes = new ArrayList<>(from);
            int count = pads.get().size() / 2;
            for (int i = 0; i < count; i++) {
                int axis = axes.get().length == 0 ? i : axis(axes.get()[i], from.size());
                sizes.set(
                        axis,
                        sizes.get(axis).plus(pads.get().get(i)).plus(pads.get().get(count + i)));
            }
            return sizes;
        });
    }

    private Optional<List<Size>> gather() {
        Optional<List<Size>> from = operand(0);
        Optional<List<Size>> at = operand(1);
        if (from.isEmpty() || at.isEmpty()) {
            return Optional.empty();
        }
        int axis = axis(node.integer("axis", 0), from.get().size());
        List<Size> sizes = new ArrayList<>(from.get().subList(0, axis));
        sizes.addAll(at.get());
        sizes.addAll(from.get().subList(axis + 1, from.get().size()));
        return Optional.of(sizes);
    }

    private Optional<List<Size>> gatherAtPositions() {
        Optional<List<Size>> from = operand(0);
        Optional<List<Size>> at = operand(1);
        if (from.isEmpty() || at.isEmpty() || !at.get().get(at.get().size() - 1).isFixed()) {
            return Optional.empty();
        }
        int lead = (int) (node.integer("batch_dims", 0)
                + at.get().get(at.get().size() - 1).factor());
        List<Size> sizes = new ArrayList<>(at.get().subList(0, at.get().size() - 1));
        sizes.addAll(from.get().subList(lead, from.get().size()));
        return Optional.of(sizes);
    }

    private Optional<List<Size>> topK(int result) {
        return operand(0).map(from -> {
            List<Size> sizes = new ArrayList<>(from);
            int axis = axis(node.integer("axis", -1), from.size());
            sizes.set(
                    axis,
                    integers(1)
                            .map(k -> k.get(0))
                            .orElse(Size.named("k of " + node.inputs().get(1))));
            return sizes;
        });
    }

    private Optional<List<Size>> oneHot(int result) {
        return operand(0).map(from -> {
            List<Size> sizes = new ArrayList<>(from);
            int axis = axis(node.integer("axis", -1), from.size() + 1);
            sizes.add(axis, integers(1).map(depth -> depth.get(0)).orElse(unknown(result, axis)));
            return sizes;
        });
    }

    private Optional<List<Size>> attention() {
        Optional<List<Size>> query = operand(0);
        Optional<List<Size>> value = operand(2);
        if (query.isEmpty() || value.isEmpty()) {
            return Optional.empty();
        }
        List<Size> sizes = new ArrayList<>(query.get());
        Size last = value.get().get(value.get().size() - 1);
        if (sizes.size() == 3) {
            Attribute.Int heads = (Attribute.Int) node.attributes().get("q_num_heads");
            Attribute.Int keys = (Attribute.Int) node.attributes().get("kv_num_heads");
            last = heads == null || keys == null
                    ? unknown(0, 2)
                    : last.dividedBy(Size.of(keys.value()))
                            .map(size -> size.times(Size.of(heads.value())))
                            .orElse(unknown(0, 2));
        }
        sizes.set(sizes.size() - 1, last);
        return Optional.of(sizes);
    }
}
