package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Node;
import java.util.List;

/**
 * The equation of an Einsum.
 *
 * @param terms the letters of each operand
 * @param output the letters of the result
 */
record Equation(List<String> terms, String output) {
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

    /** Whether there are letters alone, none twice in one term. */
    boolean isPlain() {
        return terms.stream().allMatch(Equation::isDistinct) && isDistinct(output);
    }

    private static boolean isDistinct(String letters) {
        return letters.chars().allMatch(Character::isLetter)
                && letters.chars().distinct().count() == letters.length();
    }
}
