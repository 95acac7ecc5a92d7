package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.save4j.graph.Node;
import java.util.ArrayList;
import java.util.List;

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
        return new Einsum(in).result(Equation.of(in.node()));
    }

    /** Why the equation of a node is refused, or an empty string. */
    static String objection(Node node) {
        Equation equation = Equation.of(node);
        String letters = String.join("", equation.terms());
        boolean plain = (letters + equation.output()).chars().allMatch(Character::isLetter)
                && equation.terms().stream().allMatch(Einsum::isDistinct)
                && equation.terms().size() == node.inputs().size()
                && isDistinct(equation.output())
                && equation.output().chars().allMatch(letter -> letters.indexOf(letter) >= 0);
        return plain
                ? ""
                : "the equation '" + node.text("equation", "")
                        + "' is not a product of one or two operands without repeated letters or '...'";
    }

    private static boolean isDistinct(String letters) {
        return letters.chars().distinct().count() == letters.length();
    }

    /** The letters of the operands and of the result. */
    private record Equation(List<String> terms, String output) {
        static Equation of(Node node) {
            String text = node.text("equation", "").replace(" ", "");
            int arrow = text.indexOf("->");
            List<String> terms = List.of((arrow < 0 ? text : text.substring(0, arrow)).split(",", -1));
            return new Equation(terms, arrow < 0 ? implicit(String.join("", terms)) : text.substring(arrow + 2));
        }
    }

    private NDArray result(Equation equation) {
        String output = equation.output();
        List<String> terms = equation.terms();
        List<Labelled> operands = new ArrayList<>();
        for (int i = 0; i < terms.size(); i++) {
            if (terms.get(i).length() != in.rank(i)) {
                throw in.unsupported("operand " + i + " does not have the axes '" + terms.get(i) + "'");
            }
            operands.add(new Labelled(in.array(i), terms.get(i)));
        }
        Labelled product = operands.size() == 1
                ? reduced(operands.get(0), output)
                : product(
                        reduced(operands.get(0), terms.get(1) + output),
                        reduced(operands.get(1), terms.get(0) + output),
                        output);
        return ElementwiseOperators.same(ordered(product, output).array());
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
