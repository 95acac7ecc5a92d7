package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Dimension;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * An integer of a graph's shape arithmetic: a factor times the product of some unknowns, each named by the way it comes about. Two equal sizes are the
 * same number in every run; two that differ may be the same number nevertheless.
 *
 * @param atoms names of the unknowns, sorted
 */
record Size(long factor, List<String> atoms) {
    static final Size ONE = of(1);

    Size {
        List<String> sorted = new ArrayList<>(factor == 0 ? List.of() : atoms);
        Collections.sort(sorted);
        atoms = List.copyOf(sorted);
    }

    static Size of(long value) {
        return new Size(value, List.of());
    }

    static Size named(String atom) {
        return new Size(1, List.of(atom));
    }

    /** The size of a declared dimension. */
    static Size of(Dimension dimension, String place) {
        return dimension.isFixed()
                ? of(dimension.size())
                : named(dimension.symbol().isEmpty() ? place : dimension.symbol());
    }

    boolean isFixed() {
        return atoms.isEmpty();
    }

    boolean is(long value) {
        return isFixed() && factor == value;
    }

    /** Whether it is the size of a part that begins somewhere within, and may begin behind the end. */
    boolean mayBeZero() {
        return atoms.stream().anyMatch(atom -> atom.contains("slice("));
    }

    Size times(Size other) {
        List<String> all = new ArrayList<>(atoms);
        all.addAll(other.atoms);
        return new Size(factor * other.factor, all);
    }

    /** The quotient, if it is certain that nothing remains. */
    Optional<Size> dividedBy(Size other) {
        List<String> rest = new ArrayList<>(atoms);
        for (String atom : other.atoms) {
            if (!rest.remove(atom)) {
                return Optional.empty();
            }
        }
        return other.factor == 0 || factor % other.factor != 0
                ? Optional.empty()
                : Optional.of(new Size(factor / other.factor, rest));
    }

    Size plus(Size other) {
        if (isFixed() && other.isFixed()) {
            return of(factor + other.factor);
        }
        if (atoms.equals(other.atoms)) {
            return new Size(factor + other.factor, atoms);
        }
        return other.is(0) ? this : is(0) ? other : combined("+", this, other, true);
    }

    /** An unknown that follows from two numbers. */
    static Size combined(String operator, Size left, Size right, boolean commutes) {
        String a = left.toString();
        String b = right.toString();
        boolean swap = commutes && a.compareTo(b) > 0;
        return named("(" + (swap ? b : a) + operator + (swap ? a : b) + ")");
    }

    /** The smaller of a fixed number and a size that is not negative. */
    static Size smaller(long fixed, Size other) {
        return other.isFixed() ? of(Math.min(fixed, other.factor)) : named("min(" + fixed + "," + other + ")");
    }

    /**
     * Whether an axis of this size, broadcast to an axis of size {@code to}, certainly keeps its size, in every run that does not fail.
     */
    boolean keepsSizeIn(Size to) {
        return equals(to)
                || isFixed() && factor != 1
                // A table cut to a length is as long as that length, unless the length is beyond its end.
                || !isFixed() && atoms.size() == 1 && factor == 1 && isCutTo(atoms.get(0), to);
    }

    private static boolean isCutTo(String atom, Size to) {
        return atom.startsWith("min(") && !atom.startsWith("min(1,") && atom.endsWith("," + to + ")");
    }

    /** The size of an axis to which two are broadcast. */
    static Size broadcast(Size left, Size right) {
        if (left.equals(right) || right.is(1)) {
            return left;
        }
        if (left.is(1)) {
            return right;
        }
        if (left.keepsSizeIn(right)) {
            return left.isFixed() ? left : right;
        }
        if (right.keepsSizeIn(left)) {
            return right.isFixed() ? right : left;
        }
        return combined("|", left, right, true);
    }

    @Override
    public String toString() {
        return isFixed() ? Long.toString(factor) : (factor == 1 ? "" : factor + "*") + String.join("*", atoms);
    }
}
