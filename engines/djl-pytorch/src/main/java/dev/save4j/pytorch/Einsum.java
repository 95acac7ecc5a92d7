package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Einstein sums of one or two operands in which no operand repeats a letter, as one batched product. Other equations are refused.
 */
final class Einsum {
    private final Arguments in;

    private Einsum(Arguments in) {
        this.in = in;
    }

    /** An array and the letter of each of its axes. */
    private record Labelled(NDArray array, String letters) {
        long size(char letter) {
            return array.getShape().get(letters.indexOf(letter));
        }
    }

    static NDArray evaluate(Arguments in) {
        return new Einsum(in).result(in.node().text("equation", "").replace(" ", ""));
    }

    private NDArray result(String equation) {
        int arrow = equation.indexOf("->");
        String[] terms = (arrow < 0 ? equation : equation.substring(0, arrow)).split(",", -1);
        String output = arrow < 0 ? implicit(String.join("", terms)) : equation.substring(arrow + 2);
        if (equation.contains(".") || terms.length != in.count() || in.count() > 2) {
            throw refused(equation);
        }
        Labelled[] operands = new Labelled[terms.length];
        for (int i = 0; i < terms.length; i++) {
            if (terms[i].length() != in.rank(i) || terms[i].chars().distinct().count() != terms[i].length()) {
                throw refused(equation);
            }
            operands[i] = new Labelled(in.array(i), terms[i]);
        }
        if (output.chars().distinct().count() != output.length()
                || !output.chars().allMatch(letter -> String.join("", terms).indexOf(letter) >= 0)) {
            throw refused(equation);
        }
        Labelled product = operands.length == 1
                ? reduced(operands[0], output)
                : product(reduced(operands[0], terms[1] + output), reduced(operands[1], terms[0] + output), output);
        return ElementwiseOperators.same(ordered(product, output).array());
    }

    private RuntimeException refused(String equation) {
        return in.unsupported(String.format(
                Locale.ROOT,
                "the equation '%s' is not a product of one or two operands without repeated letters or '...'",
                equation));
    }

    /** Without an arrow the result has the letters that occur once, in alphabetical order. */
    private static String implicit(String letters) {
        return letters.chars()
                .sorted()
                .filter(letter -> letters.indexOf(letter) == letters.lastIndexOf(letter))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Sums over the letters that nobody else has. */
    private static Labelled reduced(Labelled operand, String wanted) {
        List<Integer> gone = new ArrayList<>();
        StringBuilder kept = new StringBuilder();
        for (int axis = 0; axis < operand.letters().length(); axis++) {
            char letter = operand.letters().charAt(axis);
            if (wanted.indexOf(letter) < 0) {
                gone.add(axis);
            } else {
                kept.append(letter);
            }
        }
        return gone.isEmpty()
                ? operand
                : new Labelled(
                        operand.array()
                                .sum(gone.stream().mapToInt(Integer::intValue).toArray()),
                        kept.toString());
    }

    private static Labelled product(Labelled left, Labelled right, String output) {
        StringBuilder batch = new StringBuilder();
        StringBuilder inner = new StringBuilder();
        StringBuilder rows = new StringBuilder();
        for (char letter : left.letters().toCharArray()) {
            boolean shared = right.letters().indexOf(letter) >= 0;
            (!shared ? rows : output.indexOf(letter) >= 0 ? batch : inner).append(letter);
        }
        StringBuilder columns = new StringBuilder();
        for (char letter : right.letters().toCharArray()) {
            if (left.letters().indexOf(letter) < 0) {
                columns.append(letter);
            }
        }
        NDArray a = folded(left, batch.toString(), rows.toString(), inner.toString());
        NDArray b = folded(right, batch.toString(), inner.toString(), columns.toString());
        String letters = "" + batch + rows + columns;
        long[] shape = letters.chars()
                .mapToLong(letter ->
                        left.letters().indexOf(letter) >= 0 ? left.size((char) letter) : right.size((char) letter))
                .toArray();
        return new Labelled(a.matMul(b).reshape(new Shape(shape)), letters);
    }

    /** {@code [batch, rows, columns]}, each the product of the sizes of some letters. */
    private static NDArray folded(Labelled operand, String batch, String rows, String columns) {
        Labelled ordered = ordered(operand, batch + rows + columns);
        return ordered.array().reshape(new Shape(size(operand, batch), size(operand, rows), size(operand, columns)));
    }

    private static long size(Labelled operand, String letters) {
        return letters.chars().mapToLong(letter -> operand.size((char) letter)).reduce(1, (a, b) -> a * b);
    }

    private static Labelled ordered(Labelled operand, String letters) {
        if (operand.letters().equals(letters)) {
            return operand;
        }
        int[] order =
                letters.chars().map(letter -> operand.letters().indexOf(letter)).toArray();
        return new Labelled(operand.array().transpose(order), letters);
    }
}
