package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Infers and checks the type of the first output of a node while a graph is built, by the rules of the ONNX operator specifications. */
final class TypeInference {
    private final GraphBuilder builder;
    private final String operator;
    private final List<Value> operands;
    private final Map<String, Attribute> attributes;

    private TypeInference(
            GraphBuilder builder, String operator, List<Value> operands, Map<String, Attribute> attributes) {
        this.builder = builder;
        this.operator = operator;
        this.operands = operands;
        this.attributes = attributes;
    }

    static List<TensorType> infer(
            GraphBuilder builder,
            String domain,
            String operator,
            List<Value> operands,
            Map<String, Attribute> attributes) {
        TypeInference inference = new TypeInference(builder, operator, operands, attributes);
        return List.of(domain.isEmpty() ? inference.standard() : inference.other(domain));
    }

    private TensorType standard() {
        TensorType first = operands.get(0).type();
        return switch (operator) {
            case "Add", "Sub", "Mul", "Div", "Min", "Max" -> {
                sameElement(0, 1);
                yield first.withShape(broadcastAll());
            }
            case "Pow" -> first.withShape(broadcastAll());
            case "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual" -> {
                sameElement(0, 1);
                yield new TensorType(ElementType.BOOL, broadcastAll());
            }
            case "And", "Or", "Xor" -> {
                element(0, ElementType.BOOL);
                element(1, ElementType.BOOL);
                yield first.withShape(broadcastAll());
            }
            case "Not" -> {
                element(0, ElementType.BOOL);
                yield first;
            }
            case "Where" -> {
                element(0, ElementType.BOOL);
                sameElement(1, 2);
                yield new TensorType(operands.get(1).type().element(), broadcastAll());
            }
            case "Exp", "Log", "Sqrt", "Reciprocal", "Erf", "Tanh", "Sigmoid", "Softplus", "Sin", "Cos", "Gelu" -> {
                floating(0);
                yield first;
            }
            case "Neg", "Abs", "Sign", "Relu", "Identity", "Clip", "CumSum", "Trilu" -> first;
            case "Softmax", "LogSoftmax" -> {
                floating(0);
                axis(integer("axis", -1), first.rank());
                yield first;
            }
            case "Cast" -> first.withElement(ElementType.ofOnnxCode((int) integer("to", 0)));
            case "MatMul" -> {
                sameElement(0, 1);
                yield first.withShape(
                        product(first.shape(), operands.get(1).type().shape()));
            }
            case "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare" ->
                first.withShape(reduced(first));
            case "Reshape" -> first.withShape(reshaped(first));
            case "Transpose" -> first.withShape(permuted(first));
            case "Unsqueeze" -> first.withShape(unsqueezed(first));
            case "Squeeze" -> first.withShape(squeezed(first));
            case "Concat" -> concatenated();
            case "Slice" -> sliced(first);
            case "Shape" -> TensorType.of(ElementType.INT64, integer("end", first.rank()) - integer("start", 0));
            case "Gather" -> gathered(first);
            case "GatherElements" -> {
                indices(1);
                yield first.withShape(operands.get(1).type().shape());
            }
            case "GatherND" -> gatheredAtPositions(first);
            case "Expand" -> first.withShape(expanded(first));
            case "Range" -> first.withShape(List.of(Dimension.UNKNOWN));
            case "ConstantOfShape" -> constantOfShape();
            case "LayerNormalization", "RMSNormalization" -> {
                sameElement(0, 1);
                yield first;
            }
            default ->
                throw SaveException.internal(
                        "the type of " + operator + " cannot be inferred; build it with node(…) and give its types");
        };
    }

    private TensorType other(String domain) {
        TensorType first = operands.get(0).type();
        return switch (operator) {
            case "StopGradient" -> first;
            case "FusedMatMul" -> {
                sameElement(0, 1);
                yield first.withShape(product(
                        oriented(first.shape(), "transA"),
                        oriented(operands.get(1).type().shape(), "transB")));
            }
            default ->
                throw SaveException.internal("the type of " + domain + "::" + operator
                        + " cannot be inferred; build it with node(…) and give its types");
        };
    }

    private List<Dimension> oriented(List<Dimension> shape, String attribute) {
        if (integer(attribute, 0) == 0) {
            return shape;
        }
        List<Dimension> swapped = new ArrayList<>(shape);
        Collections.swap(swapped, shape.size() - 1, shape.size() - 2);
        return swapped;
    }

    private List<Dimension> product(List<Dimension> left, List<Dimension> right) {
        if (left.size() < 2 || right.size() < 2) {
            throw mismatch("needs operands of rank 2 or more");
        }
        if (!left.get(left.size() - 1).fits(right.get(right.size() - 2))) {
            throw mismatch("the inner dimensions differ");
        }
        List<Dimension> shape =
                new ArrayList<>(broadcast(left.subList(0, left.size() - 2), right.subList(0, right.size() - 2)));
        shape.add(left.get(left.size() - 2));
        shape.add(right.get(right.size() - 1));
        return shape;
    }

    private List<Dimension> broadcastAll() {
        List<Dimension> shape = operands.get(0).type().shape();
        for (int i = 1; i < operands.size(); i++) {
            shape = broadcast(shape, operands.get(i).type().shape());
        }
        return shape;
    }

    private List<Dimension> broadcast(List<Dimension> left, List<Dimension> right) {
        int rank = Math.max(left.size(), right.size());
        Dimension one = Dimension.of(1);
        List<Dimension> shape = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            Dimension a = i < rank - left.size() ? one : left.get(i - rank + left.size());
            Dimension b = i < rank - right.size() ? one : right.get(i - rank + right.size());
            if (a.equals(one) || a.sameAs(b)) {
                shape.add(b);
            } else if (b.equals(one)) {
                shape.add(a);
            } else if (a.isFixed() && b.isFixed()) {
                throw mismatch("dimension " + i + " of the result would be both " + a + " and " + b);
            } else {
                // A named size against another: they agree or one of them is 1 at run time.
                shape.add(a.isFixed() ? a : b.isFixed() ? b : Dimension.UNKNOWN);
            }
        }
        return shape;
    }

    private List<Dimension> reduced(TensorType first) {
        boolean keep = integer("keepdims", 1) == 1;
        long[] axes = operands.size() > 1 ? constant(1) : new long[0];
        boolean[] gone = new boolean[first.rank()];
        Arrays.fill(gone, axes.length == 0);
        for (long axis : axes) {
            gone[axis(axis, first.rank())] = true;
        }
        List<Dimension> shape = new ArrayList<>();
        for (int i = 0; i < gone.length; i++) {
            if (!gone[i]) {
                shape.add(first.dimension(i));
            } else if (keep) {
                shape.add(Dimension.of(1));
            }
        }
        return shape;
    }

    private List<Dimension> reshaped(TensorType first) {
        Optional<long[]> target = constantOrNone(1);
        if (target.isEmpty()) {
            Dimension rank = operands.get(1).type().dimension(0);
            if (!rank.isFixed()) {
                throw mismatch("needs a shape of known length");
            }
            return Collections.nCopies((int) rank.size(), Dimension.UNKNOWN);
        }
        List<Dimension> shape = new ArrayList<>();
        long known = 1;
        int inferred = -1;
        boolean all = first.shape().stream().allMatch(Dimension::isFixed);
        for (long size : target.get()) {
            int at = shape.size();
            if (size < -1 || size == 0 && at >= first.rank() || size == -1 && inferred >= 0) {
                throw mismatch("the sizes " + Arrays.toString(target.get()) + " make no shape");
            }
            Dimension dimension = size == 0 ? first.dimension(at) : size == -1 ? Dimension.UNKNOWN : Dimension.of(size);
            inferred = size == -1 ? at : inferred;
            known *= dimension.isFixed() ? dimension.size() : 1;
            shape.add(dimension);
        }
        if (all) {
            long total = Arrays.stream(first.fixedShape()).reduce(1, (a, b) -> a * b);
            if (inferred >= 0 && known > 0 && total % known == 0) {
                shape.set(inferred, Dimension.of(total / known));
            } else if (inferred >= 0 || total != known) {
                throw mismatch("the sizes " + Arrays.toString(target.get()) + " do not hold its elements");
            }
        }
        return shape;
    }

    private List<Dimension> permuted(TensorType first) {
        // Without the attribute the axes are reversed.
        long[] permutation = attributes.get("perm") instanceof Attribute.Ints given
                ? given.toArray()
                : IntStream.rangeClosed(1, first.rank())
                        .mapToLong(axis -> first.rank() - axis)
                        .toArray();
        if (permutation.length != first.rank()
                || Arrays.stream(permutation).distinct().count() != permutation.length) {
            throw mismatch(Arrays.toString(permutation) + " is not a permutation of its axes");
        }
        return Arrays.stream(permutation)
                .mapToObj(axis -> first.dimension((int) axis))
                .toList();
    }

    private List<Dimension> unsqueezed(TensorType first) {
        long[] axes = constant(1);
        int rank = first.rank() + axes.length;
        if (Arrays.stream(axes).map(axis -> axis(axis, rank)).distinct().count() < axes.length) {
            throw mismatch("the axes " + Arrays.toString(axes) + " are not distinct");
        }
        List<Dimension> shape = new ArrayList<>(first.shape());
        Arrays.stream(axes)
                .map(axis -> axis(axis, rank))
                .sorted()
                .forEach(axis -> shape.add((int) axis, Dimension.of(1)));
        return shape;
    }

    private List<Dimension> squeezed(TensorType first) {
        List<Dimension> shape = new ArrayList<>(first.shape());
        Arrays.stream(constant(1))
                .mapToObj(axis -> axis(axis, first.rank()))
                .sorted(Collections.reverseOrder())
                .forEach(axis -> {
                    if (!shape.remove((int) axis).fits(Dimension.of(1))) {
                        throw mismatch("axis " + axis + " is not of size 1");
                    }
                });
        return shape;
    }

    private TensorType concatenated() {
        TensorType first = operands.get(0).type();
        int axis = axis(integer("axis", 0), first.rank());
        long total = 0;
        boolean fixed = true;
        for (int i = 0; i < operands.size(); i++) {
            TensorType part = operands.get(i).type();
            sameElement(0, i);
            for (int d = 0; d < first.rank(); d++) {
                if (part.rank() != first.rank()
                        || d != axis && !part.dimension(d).fits(first.dimension(d))) {
                    throw mismatch("the parts have different shapes");
                }
            }
            fixed &= part.dimension(axis).isFixed();
            total += part.dimension(axis).size();
        }
        List<Dimension> shape = new ArrayList<>(first.shape());
        shape.set(axis, fixed ? Dimension.of(total) : Dimension.UNKNOWN);
        return first.withShape(shape);
    }

    private TensorType sliced(TensorType first) {
        if (constant(3).length != 1 || operands.size() > 4) {
            throw mismatch("takes one axis and no steps here");
        }
        int axis = axis(constant(3)[0], first.rank());
        List<Dimension> shape = new ArrayList<>(first.shape());
        Optional<long[]> from = constantOrNone(1);
        Optional<long[]> to = constantOrNone(2);
        Dimension size = Dimension.UNKNOWN;
        if (from.isPresent() && to.isPresent() && first.dimension(axis).isFixed()) {
            long whole = first.dimension(axis).size();
            size = Dimension.of(Math.max(0, bound(to.get()[0], whole) - bound(from.get()[0], whole)));
        }
        shape.set(axis, size);
        return first.withShape(shape);
    }

    private static long bound(long at, long size) {
        return Math.max(0, Math.min(size, at < 0 ? at + size : at));
    }

    private TensorType gathered(TensorType first) {
        indices(1);
        int axis = axis(integer("axis", 0), first.rank());
        List<Dimension> shape = new ArrayList<>(first.shape().subList(0, axis));
        shape.addAll(operands.get(1).type().shape());
        shape.addAll(first.shape().subList(axis + 1, first.rank()));
        return first.withShape(shape);
    }

    private TensorType gatheredAtPositions(TensorType first) {
        indices(1);
        TensorType at = operands.get(1).type();
        int batch = (int) integer("batch_dims", 0);
        Dimension depth = at.dimension(-1);
        if (!depth.isFixed() || batch + depth.size() > first.rank()) {
            throw mismatch("needs positions whose last dimension is known and at most the operand's rank");
        }
        List<Dimension> shape = new ArrayList<>(at.shape().subList(0, at.rank() - 1));
        shape.addAll(first.shape().subList(batch + (int) depth.size(), first.rank()));
        return first.withShape(shape);
    }

    private List<Dimension> expanded(TensorType first) {
        Optional<long[]> target = constantOrNone(1);
        if (target.isPresent()) {
            return broadcast(
                    first.shape(),
                    Arrays.stream(target.get()).mapToObj(Dimension::of).toList());
        }
        Dimension rank = operands.get(1).type().dimension(0);
        if (!rank.isFixed()) {
            throw mismatch("needs a shape of known length");
        }
        return Collections.nCopies((int) Math.max(rank.size(), first.rank()), Dimension.UNKNOWN);
    }

    private TensorType constantOfShape() {
        ElementType element = attributes.get("value") instanceof Attribute.Constant constant
                ? constant.value().type()
                : ElementType.FLOAT;
        Optional<long[]> sizes = constantOrNone(0);
        if (sizes.isPresent()) {
            return new TensorType(
                    element, Arrays.stream(sizes.get()).mapToObj(Dimension::of).toList());
        }
        Dimension rank = operands.get(0).type().dimension(0);
        if (!rank.isFixed()) {
            throw mismatch("needs a shape of known length");
        }
        return new TensorType(element, Collections.nCopies((int) rank.size(), Dimension.UNKNOWN));
    }

    private long integer(String attribute, long orElse) {
        return attributes.get(attribute) instanceof Attribute.Int value ? value.value() : orElse;
    }

    private int axis(long axis, int rank) {
        if (axis < -rank || axis >= rank) {
            throw mismatch("axis " + axis + " is outside rank " + rank);
        }
        return (int) (axis < 0 ? axis + rank : axis);
    }

    private long[] constant(int operand) {
        return constantOrNone(operand).orElseThrow(() -> mismatch("needs operand " + operand + " to be constant"));
    }

    private Optional<long[]> constantOrNone(int operand) {
        return operand < operands.size()
                ? builder.constantOf(operands.get(operand)).map(tensor -> tensor.toLongs())
                : Optional.empty();
    }

    private void sameElement(int left, int right) {
        if (operands.get(left).type().element() != operands.get(right).type().element()) {
            throw mismatch("the element types differ");
        }
    }

    private void element(int operand, ElementType wanted) {
        if (operands.get(operand).type().element() != wanted) {
            throw mismatch("operand " + operand + " must be " + wanted);
        }
    }

    private void floating(int operand) {
        if (!operands.get(operand).type().element().isFloating()) {
            throw mismatch("operand " + operand + " must be floating");
        }
    }

    private void indices(int operand) {
        ElementType element = operands.get(operand).type().element();
        if (element != ElementType.INT64 && element != ElementType.INT32) {
            throw mismatch("operand " + operand + " must hold indices");
        }
    }

    private SaveException mismatch(String why) {
        return SaveException.internal(operator + " of " + operands + ": " + why);
    }
}
