package dev.save4j.lab;

import java.util.ArrayList;
import java.util.List;

/** Splits an answer at full stops. */
final class Sentences {
    private Sentences() {}

    /** The sentences without their full stops, empty ones left out; the last need not have been ended. */
    static List<List<String>> split(List<String> answer) {
        List<List<String>> sentences = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= answer.size(); i++) {
            if (i == answer.size() || answer.get(i).equals(Template.STOP)) {
                if (i > start) {
                    sentences.add(answer.subList(start, i));
                }
                start = i + 1;
            }
        }
        return sentences;
    }
}
