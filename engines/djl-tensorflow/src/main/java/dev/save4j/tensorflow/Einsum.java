package dev.save4j.tensorflow;

import dev.save4j.graph.Node;
import java.util.List;
import java.util.stream.IntStream;

/** Einstein sums of one or two operands in which no operand repeats a letter. Other equations are refused. */
final class Einsum {
    private Einsum() {}

    /** The letters of the operands and of the result. */
    private record Equation(List<String> terms, String output) {
        static Equation of(Node node) {
            String text = node.text("equation", "").replace(" ", "");
            int arrow = text.indexOf("->");
            List<String> terms = List.of((arrow < 0 ? text : text.substring(0, arrow)).split(",", -1));
            return new Equation(terms, arrow < 0 ? implicit(String.join("", terms)) : text.substring(arrow + 2));
        }

        /** Without an arrow the result has the letters that occur once, in alphabetical order. */
        private static String implicit(String letters) {
            return letters.chars()
                    .sorted()
                    .filter(letter -> letters.indexOf(letter) == letters.lastIndexOf(letter))
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
        }

        @Override
        public String toString() {
            return String.join(",", terms) + "->" + output;
        }
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

    static Symbol evaluate(Arguments in) {
        Equation equation = Equation.of(in.node());
        for (int i = 0; i < in.count(); i++) {
            if (equation.terms().get(i).length() != in.rank(i)) {
                throw in.unsupported("operand " + i + " does not have the axes '"
                        + equation.terms().get(i) + "'");
            }
        }
        List<Symbol> operands =
                IntStream.range(0, in.count()).mapToObj(in::symbol).toList();
        return in.ops()
                .operation("Einsum")
                .inputs(operands)
                .text("equation", equation.toString())
                .result();
    }
}
