package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sequences of a batch and tokens of each, written {@code 8x128}. */
public record BatchShape(int batch, int length) {
    private static final Pattern FORM = Pattern.compile("([1-9]\\d{0,4})x([1-9]\\d{0,4})");

    public BatchShape {
        if (batch < 1 || length < 2 || length > 4096) {
            throw SaveException.user(
                    "a batch needs at least one sequence of 2 to 4096 tokens, not " + batch + "x" + length);
        }
    }

    /** A USER error says what was expected. */
    public static BatchShape parse(String text) {
        return parse(text, "");
    }

    /** @param others what may be written instead, for the error */
    static BatchShape parse(String text, String others) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw SaveException.user(
                    "'" + text + "' is no batch shape; write sequences x tokens, such as 8x128" + others);
        }
        return new BatchShape(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    public int tokens() {
        return batch * length;
    }

    @Override
    public String toString() {
        return batch + "x" + length;
    }
}
