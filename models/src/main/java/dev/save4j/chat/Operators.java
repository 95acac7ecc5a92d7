package dev.save4j.chat;

import dev.save4j.chat.Values.Safe;
import dev.save4j.chat.Values.Tuple;
import dev.save4j.chat.Values.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Python's operators. */
final class Operators {
    private Operators() {}

    static Object apply(Rendering rendering, String operator, Object left, Object right) {
        if (left instanceof Undefined undefined) {
            throw undefined.failure();
        } else if (right instanceof Undefined undefined && !(operator.equals("%") && left instanceof String)) {
            throw undefined.failure();
        }
        if (operator.equals("+") && isText(left) && isText(right)) {
            boolean safe = left instanceof Safe || right instanceof Safe;
            String joined =
                    rendering.joined(safe ? escaped(left) : (String) left, safe ? escaped(right) : (String) right);
            return safe ? new Safe(joined) : joined;
        } else if (operator.equals("+") && left instanceof List<?> && right instanceof List<?>
                || operator.equals("+") && left instanceof Tuple && right instanceof Tuple) {
            List<Object> all = new ArrayList<>(Values.items(left));
            all.addAll(Values.items(right));
            rendering.steps(all.size());
            return left instanceof Tuple ? new Tuple(all) : all;
        } else if (operator.equals("*") && left instanceof String text && isInteger(right)) {
            return repeated(rendering, text, Values.integer(right));
        } else if (operator.equals("*") && right instanceof String text && isInteger(left)) {
            return repeated(rendering, text, Values.integer(left));
        } else if (operator.equals("%") && left instanceof String text) {
            return Formats.percent(text, right);
        } else if (!Values.isNumber(left) || !Values.isNumber(right)) {
            throw new TemplateFailure(
                    "'" + operator + "' does not take " + Values.kind(left) + " and " + Values.kind(right));
        }
        if (left instanceof Double || right instanceof Double || operator.equals("/")) {
            return decimals(operator, decimal(left), decimal(right));
        }
        return integers(operator, Values.integer(left), Values.integer(right));
    }

    private static boolean isText(Object value) {
        return value instanceof String || value instanceof Safe;
    }

    private static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    private static String escaped(Object value) {
        return value instanceof Safe safe
                ? safe.text()
                : ((String) value)
                        .replace("&", "&amp;")
                        .replace(">", "&gt;")
                        .replace("<", "&lt;")
                        .replace("'", "&#39;")
                        .replace("\"", "&#34;");
    }

    private static String repeated(Rendering rendering, String text, long count) {
        if (count <= 0 || text.isEmpty()) {
            return "";
        }
        rendering.room(count > Integer.MAX_VALUE ? Long.MAX_VALUE : text.length() * count);
        return text.repeat((int) count);
    }

    private static Object integers(String operator, long left, long right) {
        try {
            switch (operator) {
                case "+":
                    return Math.addExact(left, right);
                case "-":
                    return Math.subtractExact(left, right);
                case "*":
                    return Math.multiplyExact(left, right);
                case "//":
                    return Math.floorDiv(left, right);
                case "%":
                    return Math.floorMod(left, right);
                default:
                    return power(left, right);
            }
        } catch (ArithmeticException impossible) {
            throw new TemplateFailure(left + " " + operator + " " + right + ": " + impossible.getMessage());
        }
    }

    private static Object power(long base, long exponent) {
        if (exponent < 0) {
            return Math.pow(base, exponent);
        }
        long result = 1;
        for (long left = Math.abs(base) <= 1 ? Math.min(exponent, 2 + exponent % 2) : exponent; left > 0; left--) {
            result = Math.multiplyExact(result, base);
        }
        return result;
    }

    private static Object decimals(String operator, double left, double right) {
        boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
        if (divides && right == 0) {
            throw new TemplateFailure(left + " " + operator + " " + right + ": division by zero");
        }
        switch (operator) {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return left * right;
            case "/":
                return left / right;
            case "//":
                return Math.floor(left / right);
            case "%":
                double remainder = left % right;
                if (remainder == 0) {
                    return Math.copySign(0.0, right);
                }
                return remainder < 0 != right < 0 ? remainder + right : remainder;
            default:
                return Math.pow(left, right);
        }
    }

    static double decimal(Object number) {
        return number instanceof Double value ? value : Values.integer(number);
    }

    /** Python's order; a failure where it has none. */
    static int compare(Object left, Object right) {
        if (Values.isNumber(left) && Values.isNumber(right)) {
            return left instanceof Double || right instanceof Double
                    ? Double.compare(decimal(left), decimal(right))
                    : Long.compare(Values.integer(left), Values.integer(right));
        } else if (isText(left) && isText(right)) {
            return Text.compare(Values.text(left), Values.text(right));
        } else if (left instanceof List<?> && right instanceof List<?>
                || left instanceof Tuple && right instanceof Tuple) {
            List<Object> items = Values.items(left);
            List<Object> others = Values.items(right);
            for (int at = 0; at < Math.min(items.size(), others.size()); at++) {
                int order = compare(items.get(at), others.get(at));
                if (order != 0) {
                    return order;
                }
            }
            return Integer.compare(items.size(), others.size());
        }
        throw new TemplateFailure("there is no order between " + Values.kind(left) + " and " + Values.kind(right));
    }

    static boolean compares(Rendering rendering, String operator, Object left, Object right) {
        switch (operator) {
            case "==":
                return Values.equal(rendering, left, right);
            case "!=":
                return !Values.equal(rendering, left, right);
            case "<":
                return compare(left, right) < 0;
            case "<=":
                return compare(left, right) <= 0;
            case ">":
                return compare(left, right) > 0;
            case ">=":
                return compare(left, right) >= 0;
            case "in":
                return contains(rendering, right, left);
            default:
                return !contains(rendering, right, left);
        }
    }

    static boolean contains(Rendering rendering, Object whole, Object part) {
        if (isText(whole)) {
            if (!isText(part)) {
                throw new TemplateFailure("'in' a string takes a string, but got " + Values.kind(part));
            }
            return Values.text(whole).contains(Values.text(part));
        } else if (whole instanceof Map<?, ?> map) {
            return map.containsKey(Values.key(part));
        }
        for (Object item : Values.items(whole)) {
            if (Values.equal(rendering, item, part)) {
                return true;
            }
        }
        return false;
    }
}
