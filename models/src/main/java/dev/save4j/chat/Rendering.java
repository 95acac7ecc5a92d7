package dev.save4j.chat;

import java.util.function.Supplier;

/** One rendering in progress: the text so far, the line, and what a template may still use up. */
final class Rendering {
    /** Evaluated expressions, loop turns and list items. */
    static final int MOST_STEPS = 5_000_000;
    /** Characters of the whole output, and of any one text. */
    static final int LONGEST = 16 << 20;
    /** Macro calls inside each other. */
    static final int DEEPEST = 100;

    private StringBuilder out = new StringBuilder();
    private int line = 1;
    private long steps;
    private int depth;

    void at(int newLine) {
        line = newLine;
        step();
    }

    int line() {
        return line;
    }

    void step() {
        steps(1);
    }

    void steps(long count) {
        steps += count;
        if (steps > MOST_STEPS) {
            throw new TemplateFailure("the template takes more than " + MOST_STEPS + " steps");
        }
    }

    void print(String text) {
        room((long) out.length() + text.length());
        out.append(text);
    }

    /** Checks a length before the text is made. */
    void room(long length) {
        if (length > LONGEST) {
            throw new TemplateFailure("the template makes a text of more than " + LONGEST + " characters");
        }
    }

    String joined(String left, String right) {
        room((long) left.length() + right.length());
        steps((left.length() + right.length()) >> 8);
        return left.concat(right);
    }

    /** What an action prints, apart from the output. */
    String captured(Runnable action) {
        StringBuilder before = out;
        out = new StringBuilder();
        try {
            action.run();
            return out.toString();
        } finally {
            out = before;
        }
    }

    <T> T deeper(Supplier<T> action) {
        if (++depth > DEEPEST) {
            throw new TemplateFailure("macros call each other more than " + DEEPEST + " deep");
        }
        try {
            return action.get();
        } finally {
            depth--;
        }
    }

    String text() {
        return out.toString();
    }
}
