package dev.save4j.algorithms;

import dev.save4j.SaveException;
import java.util.Arrays;
import java.util.List;

/** Which rows of a batch are answers to the same prompt: consecutive runs of rows, in order of the prompts. */
public record Groups(List<Integer> sizes) {
    public Groups {
        sizes = List.copyOf(sizes);
        if (sizes.isEmpty() || sizes.stream().anyMatch(size -> size < 1)) {
            throw SaveException.internal("every prompt needs at least one answer, but the groups are " + sizes);
        }
    }

    /** The same number of answers for each prompt. */
    public static Groups uniform(int prompts, int answers) {
        return new Groups(java.util.Collections.nCopies(prompts, answers));
    }

    public static Groups of(int... sizes) {
        return new Groups(Arrays.stream(sizes).boxed().toList());
    }

    public int prompts() {
        return sizes.size();
    }

    /** Number of answers of all prompts. */
    public int rows() {
        return sizes.stream().mapToInt(Integer::intValue).sum();
    }

    /** What is done with the rows {@code from} to {@code to} (exclusive) of one prompt. */
    @FunctionalInterface
    public interface Visitor {
        void group(int prompt, int from, int to);
    }

    /** Visits the groups in order. */
    public void forEach(Visitor visitor) {
        int from = 0;
        for (int prompt = 0; prompt < sizes.size(); prompt++) {
            int to = from + sizes.get(prompt);
            visitor.group(prompt, from, to);
            from = to;
        }
    }

    void requireRows(int given, String what) {
        if (given != rows()) {
            throw SaveException.internal(
                    given + " " + what + " for " + rows() + " answers to " + prompts() + " prompts");
        }
    }

    void requirePrompts(int given, String what) {
        if (given != prompts()) {
            throw SaveException.internal(given + " " + what + " for " + prompts() + " prompts");
        }
    }
}
