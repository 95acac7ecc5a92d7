package dev.save4j.testkit.reference;

import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Positions of extremes, sorting, and distinct values. */
final class OrderReference {
    private OrderReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of("ArgMax", in -> position(in, 1), "axis", "keepdims", "select_last_index"),
                ReferenceOperator.of("ArgMin", in -> position(in, -1), "axis", "keepdims", "select_last_index"),
                ReferenceOperator.several("TopK", OrderReference::largest, "axis", "largest", "sorted"),
                ReferenceOperator.several("Unique", OrderReference::distinct, "axis", "sorted"));
    }

    private static Numbers position(Operands in, int sign) {
        boolean last = in.flag("select_last_index", false);
        int axis = in.axis(0);
        return ReductionReference.reduce(in.get(0), new int[] {axis}, in.flag("keepdims", true), group -> {
                    int best = 0;
                    for (int i = 1; i < group.length; i++) {
                        double difference = sign * (group[i] - group[best]);
                        best = difference > 0 || last && difference == 0 ? i : best;
                    }
                    return best;
                })
                .withType(ElementType.INT64);
    }

    /** Equal elements keep their order. */
    private static List<Numbers> largest(Operands in) {
        Numbers x = in.get(0);
        int axis = in.axis(-1);
        int k = (int) in.get(1).item();
        int sign = in.flag("largest", true) ? -1 : 1;
        Numbers order = ReductionReference.along(
                x,
                axis,
                vector -> IntStream.range(0, vector.length)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> sign * vector[i]))
                        .mapToDouble(i -> i)
                        .toArray());
        Numbers positions = order.slice(axis, 0, k).withType(ElementType.INT64);
        return List.of(IndexReference.elementsAlong(x, positions, axis), positions);
    }

    /** Of all elements, or of the slices along one axis. */
    private static List<Numbers> distinct(Operands in) {
        Numbers x = in.node().has("axis")
                ? in.get(0)
                : in.get(0).withShape(in.get(0).size());
        int axis = in.node().has("axis") ? in.axis(0) : 0;
        Comparator<List<Double>> lexicographic = (a, b) -> IntStream.range(0, a.size())
                .map(i -> Double.compare(a.get(i), b.get(i)))
                .filter(difference -> difference != 0)
                .findFirst()
                .orElse(0);
        Map<List<Double>, List<Integer>> places =
                in.flag("sorted", true) ? new TreeMap<>(lexicographic) : new LinkedHashMap<>();
        for (int i = 0; i < x.shape()[axis]; i++) {
            List<Double> slice =
                    Arrays.stream(x.slice(axis, i, i + 1).values()).boxed().toList();
            places.computeIfAbsent(slice, key -> new ArrayList<>()).add(i);
        }
        Numbers[] slices = places.values().stream()
                .map(at -> x.slice(axis, at.get(0), at.get(0) + 1))
                .toArray(Numbers[]::new);
        long[] first = new long[slices.length];
        long[] inverse = new long[x.shape()[axis]];
        long[] counts = new long[slices.length];
        int number = 0;
        for (List<Integer> at : places.values()) {
            first[number] = at.get(0);
            counts[number] = at.size();
            for (int i : at) {
                inverse[i] = number;
            }
            number++;
        }
        return List.of(
                Numbers.concat(axis, slices), Numbers.vector(first), Numbers.vector(inverse), Numbers.vector(counts));
    }
}
