package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;

/** The integers that one node of shape arithmetic computes, as far as they can be followed. */
final class IntegerFlow {
    private final Node node;
    private final Types types;

    IntegerFlow(Node node, Types types) {
        this.node = node;
        this.types = types;
    }

    /** The elements of the first result, a scalar or vector. */
    Optional<List<Size>> result() {
        if (!node.domain().isEmpty() || !node.hasInput(0)) {
            return Optional.empty();
        }
        return switch (node.operator()) {
            case "Shape" -> shape();
            case "Size" ->
                types.of(node.inputs().get(0))
                        .sizes()
                        .map(sizes -> List.of(sizes.stream().reduce(Size.ONE, Size::times)));
            case "Identity", "Squeeze", "Unsqueeze" -> operand(0);
            case "Reshape" -> operand(0).filter(values -> isVector());
            case "Cast" ->
                types.of(node.outputs().get(0)).element().isFloating()
                                || types.of(node.inputs().get(0)).element().isFloating()
                        ? Optional.empty()
                        : operand(0);
            case "Concat" -> concat();
            case "Gather" -> gather();
            case "Slice" -> slice();
            case "Add" -> each(Size::plus);
            case "Mul" -> each(Size::times);
            case "Sub" -> each((a, b) -> a.plus(b.times(Size.of(-1))));
            case "Div" -> each(IntegerFlow::quotient);
            case "Min" ->
                node.inputs().size() == 2
                        ? each((a, b) -> a.isFixed() && b.isFixed()
                                ? Size.of(Math.min(a.factor(), b.factor()))
                                : Size.combined("min", a, b, true))
                        : Optional.empty();
            case "Max" ->
                node.inputs().size() == 2
                        ? each((a, b) -> a.isFixed() && b.isFixed()
                                ? Size.of(Math.max(a.factor(), b.factor()))
                                : Size.combined("max", a, b, true))
                        : Optional.empty();
            case "Equal" -> equal();
            case "Where" -> where();
            case "ConstantOfShape" -> constantOfShape();
            default -> Optional.empty();
        };
    }

    private boolean isVector() {
        ValueType type = types.of(node.outputs().get(0));
        return type.isRanked() && type.rank() <= 1;
    }

    private Optional<List<Size>> operand(int index) {
        return node.hasInput(index) ? types.integers(node.inputs().get(index)) : Optional.empty();
    }

    private Optional<List<Size>> shape() {
        return types.of(node.inputs().get(0)).sizes().map(sizes -> {
            int rank = sizes.size();
            long start = node.integer("start", 0);
            long end = node.integer("end", rank);
            int from = (int) Math.max(0, Math.min(rank, start < 0 ? start + rank : start));
            int to = (int) Math.max(from, Math.min(rank, end < 0 ? end + rank : end));
            return sizes.subList(from, to);
        });
    }

    private Optional<List<Size>> concat() {
        List<Size> all = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            Optional<List<Size>> part = operand(i);
            if (part.isEmpty()) {
                return part;
            }
            all.addAll(part.get());
        }
        return Optional.of(all);
    }

    private Optional<List<Size>> gather() {
        Optional<List<Size>> from = operand(0);
        Optional<long[]> at = types.fixedIntegers(node.inputs().get(1));
        if (from.isEmpty() || at.isEmpty() || node.integer("axis", 0) != 0) {
            return Optional.empty();
        }
        List<Size> picked = new ArrayList<>();
        for (long index : at.get()) {
            int position = (int) (index < 0 ? index + from.get().size() : index);
            if (position < 0 || position >= from.get().size()) {
                return Optional.empty();
            }
            picked.add(from.get().get(position));
        }
        return Optional.of(picked);
    }

    private Optional<List<Size>> slice() {
        Optional<List<Size>> from = operand(0);
        Optional<long[]> start = types.fixedIntegers(node.inputs().get(1));
        Optional<long[]> end = types.fixedIntegers(node.inputs().get(2));
        boolean plain = !node.hasInput(4)
                || types.fixedIntegers(node.inputs().get(4))
                        .filter(steps -> steps.length == 1 && steps[0] == 1)
                        .isPresent();
        if (from.isEmpty() || start.isEmpty() || end.isEmpty() || !plain || start.get().length != 1) {
            return Optional.empty();
        }
        int size = from.get().size();
        int first = bound(start.get()[0], size);
        return Optional.of(from.get().subList(first, Math.max(first, bound(end.get()[0], size))));
    }

    private static int bound(long at, int size) {
        return (int) Math.max(0, Math.min(size, at < 0 ? at + size : at));
    }

    private Optional<List<Size>> each(BinaryOperator<Size> function) {
        Optional<List<Size>> left = operand(0);
        Optional<List<Size>> right = operand(1);
        if (left.isEmpty() || right.isEmpty()) {
            return Optional.empty();
        }
        int a = left.get().size();
        int b = right.get().size();
        if (a != b && a != 1 && b != 1) {
            return Optional.empty();
        }
        List<Size> results = new ArrayList<>();
        for (int i = 0; i < (a == 1 ? b : a); i++) {
            results.add(
                    function.apply(left.get().get(a == 1 ? 0 : i), right.get().get(b == 1 ? 0 : i)));
        }
        return Optional.of(results);
    }

    private static Size quotient(Size left, Size right) {
        return left.dividedBy(right)
                .orElseGet(() -> left.isFixed() && right.isFixed() && right.factor() != 0
                        ? Size.of(left.factor() / right.factor())
                        : Size.combined("/", left, right, false));
    }

    /** Sizes are not negative, so a size that is not known equals no negative number. */
    private Optional<List<Size>> equal() {
        Optional<List<Size>> results = each((left, right) -> {
            if (left.equals(right)) {
                return Size.ONE;
            }
            boolean differ = left.isFixed() && right.isFixed()
                    || left.isFixed() && left.factor() < 0 && isSize(right)
                    || right.isFixed() && right.factor() < 0 && isSize(left);
            return differ ? Size.of(0) : Size.named("unknown");
        });
        return results.filter(all -> all.stream().allMatch(Size::isFixed));
    }

    private static boolean isSize(Size size) {
        return size.factor() >= 0 && size.atoms().stream().noneMatch(atom -> atom.startsWith("("));
    }

    private Optional<List<Size>> where() {
        Optional<long[]> condition = types.fixedIntegers(node.inputs().get(0));
        Optional<List<Size>> yes = operand(1);
        Optional<List<Size>> no = operand(2);
        if (condition.isEmpty() || yes.isEmpty() || no.isEmpty()) {
            return Optional.empty();
        }
        int size = Math.max(
                condition.get().length, Math.max(yes.get().size(), no.get().size()));
        List<Size> results = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            List<Size> from = condition.get()[condition.get().length == 1 ? 0 : i] != 0 ? yes.get() : no.get();
            results.add(from.get(from.size() == 1 ? 0 : i));
        }
        return Optional.of(results);
    }

    private Optional<List<Size>> constantOfShape() {
        Optional<long[]> shape = types.fixedIntegers(node.inputs().get(0));
        if (shape.isEmpty()
                || shape.get().length > 1
                || shape.get().length == 1 && shape.get()[0] > 64
                || !(node.attributes().get("value") instanceof dev.save4j.graph.Attribute.Constant fill)
                || fill.value().type().isFloating()) {
            return Optional.empty();
        }
        int count = shape.get().length == 0 ? 1 : (int) shape.get()[0];
        return Optional.of(
                java.util.Collections.nCopies(count, Size.of(fill.value().toLongs()[0])));
    }
}
