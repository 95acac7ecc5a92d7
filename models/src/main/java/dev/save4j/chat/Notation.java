package dev.save4j.chat;

import dev.save4j.chat.Values.None;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Values as Python writes them: {@code repr} for printing and {@code json.dumps} for the filter {@code tojson}. */
final class Notation {
    private static final int LONGEST = 16 << 20;
    private static final int DEEPEST = 100;

    private final StringBuilder out = new StringBuilder();

    private Notation() {}

    /** Python's {@code repr}. */
    static String of(Object value) {
        Notation notation = new Notation();
        notation.python(value, 0);
        return notation.out.toString();
    }

    /** What separates items and keys, and whether lines are indented. */
    record JsonStyle(boolean ascii, String indent, String betweenItems, String afterKey, boolean sorted) {}

    static String json(Object value, JsonStyle style) {
        Notation notation = new Notation();
        notation.json(value, style, 0);
        return notation.out.toString();
    }

    private void check(int depth) {
        if (out.length() > LONGEST || depth > DEEPEST) {
            throw new TemplateFailure("a value is too large to be written: more than " + LONGEST + " characters or "
                    + DEEPEST + " levels");
        }
    }

    private void python(Object value, int depth) {
        check(depth);
        if (value instanceof String text) {
            quoted(text);
        } else if (value instanceof Boolean truth) {
            out.append(truth ? "True" : "False");
        } else if (value instanceof None) {
            out.append("None");
        } else if (value instanceof Double number) {
            out.append(number(number, "inf", "nan"));
        } else if (value instanceof Long) {
            out.append(value);
        } else if (value instanceof List<?>) {
            list("[", Values.items(value), "]", depth);
        } else if (value instanceof Values.Tuple tuple) {
            list("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", depth);
        } else if (value instanceof Values.View view) {
            list("dict_" + view.kind() + "([", view.items(), "])", depth);
        } else if (value instanceof Map<?, ?>) {
            String before = "{";
            for (Map.Entry<Object, Object> entry : Values.map(value).entrySet()) {
                out.append(before);
                python(entry.getKey(), depth + 1);
                out.append(": ");
                python(entry.getValue(), depth + 1);
                before = ", ";
            }
            out.append(before.equals("{") ? "{}" : "}");
        } else if (value instanceof Values.Undefined) {
            out.append("Undefined");
        } else {
            throw new TemplateFailure(Values.kind(value) + " has no text to print");
        }
    }

    private void list(String open, List<Object> items, String close, int depth) {
        out.append(open);
        for (int at = 0; at < items.size(); at++) {
            out.append(at == 0 ? "" : ", ");
            python(items.get(at), depth + 1);
        }
        out.append(close);
    }

    private void quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(point -> {
            if (point == quote || point == '\\') {
                out.append('\\').append((char) point);
            } else if (point == '\n' || point == '\r' || point == '\t') {
                out.append('\\').append(point == '\n' ? 'n' : point == '\r' ? 'r' : 't');
            } else if (printable(point)) {
                out.appendCodePoint(point);
            } else {
                String form = point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";
                out.append(String.format(Locale.ROOT, form, point));
            }
        });
        out.append(quote);
    }

    private static boolean printable(int point) {
        if (point == ' ') {
            return true;
        }
        switch (Character.getType(point)) {
            case Character.CONTROL:
            case Character.FORMAT:
            case Character.SURROGATE:
            case Character.PRIVATE_USE:
            case Character.UNASSIGNED:
            case Character.LINE_SEPARATOR:
            case Character.PARAGRAPH_SEPARATOR:
            case Character.SPACE_SEPARATOR:
                return false;
            default:
                return true;
        }
    }

    private void json(Object value, JsonStyle style, int depth) {
        check(depth);
        if (value instanceof String || value instanceof Values.Safe) {
            jsonString(Values.text(value), style.ascii());
        } else if (value instanceof Boolean || value instanceof Long) {
            out.append(value);
        } else if (value instanceof None) {
            out.append("null");
        } else if (value instanceof Double number) {
            out.append(number(number, "Infinity", "NaN"));
        } else if (value instanceof List<?> || value instanceof Values.Tuple) {
            String before = "[";
            for (Object item : Values.items(value)) {
                out.append(before);
                line(style, depth + 1);
                json(item, style, depth + 1);
                before = style.betweenItems();
            }
            close(before.equals("[") && Values.items(value).isEmpty(), "[", "]", style, depth);
        } else if (value instanceof Map<?, ?>) {
            jsonObject(Values.map(value), style, depth);
        } else {
            throw new TemplateFailure("tojson cannot write " + Values.kind(value));
        }
    }

    private void jsonObject(Map<Object, Object> map, JsonStyle style, int depth) {
        String before = "{";
        List<Object> keys = style.sorted()
                ? map.keySet().stream().sorted(Operators::compare).toList()
                : List.copyOf(map.keySet());
        for (Object key : keys) {
            out.append(before);
            line(style, depth + 1);
            if (key instanceof String text) {
                jsonString(text, style.ascii());
            } else {
                out.append('"');
                json(key, style, depth + 1);
                out.append('"');
            }
            out.append(style.afterKey());
            json(map.getOrDefault(key, None.NONE), style, depth + 1);
            before = style.betweenItems();
        }
        close(map.isEmpty(), "{", "}", style, depth);
    }

    private void close(boolean empty, String open, String close, JsonStyle style, int depth) {
        if (empty) {
            out.append(open);
        } else {
            line(style, depth);
        }
        out.append(close);
    }

    private void line(JsonStyle style, int depth) {
        if (!style.indent().equals(NO_INDENT)) {
            out.append('\n').append(style.indent().repeat(depth));
        }
    }

    /** The indent of a style that keeps everything on one line; an empty indent still breaks lines. */
    static final String NO_INDENT = "\0";

    private void jsonString(String text, boolean ascii) {
        out.append('"');
        for (int at = 0; at < text.length(); at++) {
            char next = text.charAt(at);
            int simple = "\"\\\n\r\t\f\b".indexOf(next);
            if (simple >= 0) {
                out.append('\\').append("\"\\nrtfb".charAt(simple));
            } else if (next < 0x20 || ascii && next > 0x7e) {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) next));
            } else {
                out.append(next);
            }
        }
        out.append('"');
    }

    private static String number(double value, String infinity, String notANumber) {
        if (Double.isNaN(value)) {
            return notANumber;
        } else if (Double.isInfinite(value)) {
            return value > 0 ? infinity : "-" + infinity;
        } else if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal shortest = new BigDecimal(value);
        for (int digits = 1; digits <= 17; digits++) {
            BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (rounded.doubleValue() == value) {
                shortest = rounded;
                break;
            }
        }
        shortest = shortest.stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = shortest.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "") + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "") + "e"
                + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
