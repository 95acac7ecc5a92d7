package dev.save4j.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Texts as Python sees them: sequences of code points with Python's idea of white space and of the ends of lines. */
final class Text {
    private Text() {}

    static boolean isSpace(int point) {
        return point >= 0x09 && point <= 0x0d
                || point >= 0x1c && point <= 0x20
                || point == 0x85
                || point == 0xa0
                || point > 0xff && (Character.isSpaceChar(point));
    }

    static String strip(String text, boolean start, boolean end) {
        int from = 0;
        int to = text.length();
        while (start && from < to && isSpace(text.charAt(from))) {
            from++;
        }
        while (end && to > from && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    static String strip(String text, String characters, boolean start, boolean end) {
        int from = 0;
        int to = text.length();
        while (start && from < to && characters.indexOf(text.codePointAt(from)) >= 0) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (end && to > from && characters.indexOf(text.codePointBefore(to)) >= 0) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    static List<Object> characters(String text) {
        List<Object> all = new ArrayList<>(text.length());
        text.codePoints().forEach(point -> all.add(Character.toString(point)));
        return all;
    }

    /** The part between two places counted in code points. */
    static String part(String text, int start, int end) {
        int from = text.offsetByCodePoints(0, start);
        return text.substring(from, text.offsetByCodePoints(from, end - start));
    }

    static int compare(String left, String right) {
        int shared = Math.min(left.length(), right.length());
        for (int at = 0; at < shared; at++) {
            char a = left.charAt(at);
            char b = right.charAt(at);
            if (a != b) {
                // Surrogates stand for code points above every other unit.
                boolean highA = Character.isSurrogate(a);
                boolean highB = Character.isSurrogate(b);
                return highA == highB ? Character.compare(a, b) : highA ? 1 : -1;
            }
        }
        return Integer.compare(left.length(), right.length());
    }

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    static String capitalized(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        return Character.toString(Character.toTitleCase(first)) + lower(text.substring(Character.charCount(first)));
    }

    /** Python's {@code str.title}: a letter after anything but a letter is large. */
    static String titled(String text) {
        StringBuilder titled = new StringBuilder(text.length());
        boolean inside = false;
        for (int point : text.codePoints().toArray()) {
            titled.appendCodePoint(inside ? Character.toLowerCase(point) : Character.toTitleCase(point));
            inside = Character.isLetter(point);
        }
        return titled.toString();
    }

    static List<Object> splitOnSpace(String text, long limit) {
        List<Object> words = new ArrayList<>();
        int at = 0;
        while (true) {
            while (at < text.length() && isSpace(text.charAt(at))) {
                at++;
            }
            if (at == text.length()) {
                return words;
            }
            if (limit >= 0 && words.size() == limit) {
                words.add(strip(text.substring(at), false, true));
                return words;
            }
            int end = at;
            while (end < text.length() && !isSpace(text.charAt(end))) {
                end++;
            }
            words.add(text.substring(at, end));
            at = end;
        }
    }

    static List<Object> split(String text, String separator, long limit) {
        List<Object> parts = new ArrayList<>();
        int at = 0;
        while (limit < 0 || parts.size() < limit) {
            int next = text.indexOf(separator, at);
            if (next < 0) {
                break;
            }
            parts.add(text.substring(at, next));
            at = next + separator.length();
        }
        parts.add(text.substring(at));
        return parts;
    }

    static List<Object> splitFromEnd(String text, String separator, long limit) {
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        while (limit < 0 || parts.size() < limit) {
            int next = text.substring(0, end).lastIndexOf(separator);
            if (next < 0) {
                break;
            }
            parts.add(0, text.substring(next + separator.length(), end));
            end = next;
        }
        parts.add(0, text.substring(0, end));
        return parts;
    }

    static List<String> lines(String text, boolean keepEnds) {
        List<String> lines = new ArrayList<>();
        int start = 0;
        for (int at = 0; at < text.length(); at++) {
            char next = text.charAt(at);
            boolean ends = next >= 0x0a && next <= 0x0d
                    || next >= 0x1c && next <= 0x1e
                    || next == 0x85
                    || next == 0x2028
                    || next == 0x2029;
            if (ends) {
                int after = next == '\r' && text.startsWith("\n", at + 1) ? at + 2 : at + 1;
                lines.add(text.substring(start, keepEnds ? after : at));
                start = after;
                at = after - 1;
            }
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }

    static String replaced(String text, String old, String replacement, long count) {
        if (count < 0) {
            return text.replace(old, replacement);
        }
        StringBuilder result = new StringBuilder();
        int at = 0;
        for (long left = count; left > 0; left--) {
            int next = text.indexOf(old, at);
            if (next < 0 || old.isEmpty()) {
                break;
            }
            result.append(text, at, next).append(replacement);
            at = next + old.length();
        }
        return result.append(text.substring(at)).toString();
    }
}
