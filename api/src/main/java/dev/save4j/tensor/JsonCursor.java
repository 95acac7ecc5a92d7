package dev.save4j.tensor;

import dev.save4j.SaveException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A strict reader of the JSON in checkpoint headers, which is objects, strings and lists of whole numbers. It refuses a name that occurs twice,
 * broken UTF-8, and numbers that do not fit; every error names the place.
 */
final class JsonCursor {
    private static final int DEEPEST = 32;
    private static final Pattern PLAIN_VALUE =
            Pattern.compile("true|false|null|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private final String where;
    private final String text;
    private int position;

    /** @param where what the text is, for errors: {@code "the header of model.safetensors"} */
    JsonCursor(String where, ByteBuffer utf8) {
        this.where = where;
        try {
            this.text = StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        } catch (CharacterCodingException broken) {
            throw SaveException.user(where + " is not UTF-8 text; the file is damaged or of another format", broken);
        }
    }

    /** Reads an object; the member must read its value. */
    void object(Consumer<String> member) {
        expect('{');
        Set<String> seen = new HashSet<>();
        if (accept('}')) {
            return;
        }
        do {
            String name = string();
            if (!seen.add(name)) {
                throw SaveException.user(where + " has the name '" + name + "' twice");
            }
            expect(':');
            member.accept(name);
        } while (accept(','));
        expect('}');
    }

    /** Reads a list of whole numbers from 0 to 2^63 - 1. */
    List<Long> wholeNumbers() {
        List<Long> numbers = new ArrayList<>();
        expect('[');
        if (accept(']')) {
            return numbers;
        }
        do {
            numbers.add(wholeNumber());
        } while (accept(','));
        expect(']');
        return numbers;
    }

    String string() {
        expect('"');
        StringBuilder value = new StringBuilder();
        for (char c = next(); c != '"'; c = next()) {
            if (c < ' ') {
                throw failure("a string with a raw control character");
            }
            value.append(c == '\\' ? escaped() : c);
        }
        for (int i = 0; i < value.length(); i += Character.charCount(value.codePointAt(i))) {
            if (Character.getType(value.codePointAt(i)) == Character.SURROGATE) {
                throw failure("a string with half a surrogate pair");
            }
        }
        return value.toString();
    }

    /** Passes over any value. */
    void skip() {
        skip(DEEPEST);
    }

    /** Only white space may follow. */
    void end() {
        skipSpace();
        if (position < text.length()) {
            throw failure("more text after its end");
        }
    }

    private void skip(int depth) {
        if (depth == 0) {
            throw failure("values nested deeper than " + DEEPEST);
        }
        skipSpace();
        char c = position < text.length() ? text.charAt(position) : ' ';
        if (c == '{') {
            object(name -> skip(depth - 1));
        } else if (c == '[') {
            expect('[');
            if (!accept(']')) {
                do {
                    skip(depth - 1);
                } while (accept(','));
                expect(']');
            }
        } else if (c == '"') {
            string();
        } else {
            int start = position;
            while (position < text.length() && "+-.".indexOf(text.charAt(position)) >= 0
                    || position < text.length() && Character.isLetterOrDigit(text.charAt(position))) {
                position++;
            }
            if (!PLAIN_VALUE.matcher(text.substring(start, position)).matches()) {
                position = start;
                throw failure("no JSON value");
            }
        }
    }

    private long wholeNumber() {
        skipSpace();
        int start = position;
        while (position < text.length() && text.charAt(position) >= '0' && text.charAt(position) <= '9') {
            position++;
        }
        String digits = text.substring(start, position);
        boolean fraction = position < text.length() && ".eE".indexOf(text.charAt(position)) >= 0;
        if (digits.isEmpty() || fraction || digits.length() > 1 && digits.charAt(0) == '0') {
            position = start;
            throw failure("no whole number");
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException tooLarge) {
            position = start;
            throw SaveException.user(where + " has a number too large, " + digits, tooLarge);
        }
    }

    private char escaped() {
        char c = next();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(next(), 16);
                    if (digit < 0) {
                        throw failure("a broken \\u escape");
                    }
                    code = code << 4 | digit;
                }
                yield (char) code;
            }
            default -> throw failure("an unknown escape");
        };
    }

    private void expect(char wanted) {
        if (!accept(wanted)) {
            throw failure("no '" + wanted + "'");
        }
    }

    private boolean accept(char wanted) {
        skipSpace();
        if (position < text.length() && text.charAt(position) == wanted) {
            position++;
            return true;
        }
        return false;
    }

    private char next() {
        if (position == text.length()) {
            throw failure("an unfinished string");
        }
        return text.charAt(position++);
    }

    private void skipSpace() {
        while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) >= 0) {
            position++;
        }
    }

    private SaveException failure(String what) {
        int end = Math.min(text.length(), position + 20);
        return SaveException.user(where + " is not the JSON expected: " + what + " at character " + position
                + ", before \"" + text.substring(Math.min(position, end), end) + "\"");
    }
}
