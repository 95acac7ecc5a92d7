package dev.save4j.run;

import java.util.regex.Pattern;

/** Words of commands that people copy into a shell. */
public final class Shell {
    private static final Pattern PLAIN = Pattern.compile("[\\w./:@%+=,-]+");

    private Shell() {}

    /** The word as it is where a POSIX shell takes it so, otherwise in single quotes. */
    public static String quoted(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
