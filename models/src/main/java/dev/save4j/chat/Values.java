package dev.save4j.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The values of templates: {@link None}, {@link Undefined}, {@link Boolean}, {@link Long}, {@link Double}, {@link String}, {@link List},
 * {@link Tuple}, {@link Map}, and what only templates make: {@link Safe}, {@link Generated}, {@link View}, {@link Namespace}, {@link Loop} and
 * {@link Callable}.
 */
final class Values {
    private Values() {}

    /** Python's {@code None}. */
    enum None {
        NONE
    }

    /** A name or an item that does not exist: empty when printed, an error when something is asked of it. */
    record Undefined(String what) {
        TemplateFailure failure() {
            return new TemplateFailure(what + " is undefined");
        }
    }

    record Tuple(List<Object> items) {}

    /** What the filter {@code safe} marks: text, to which {@code +} joins other text escaped, as Jinja does even where nothing else is escaped. */
    record Safe(String text) {}

    /** The keys, values or items of a mapping. */
    record View(String kind, List<Object> items) {}

    /** What a lazy filter leaves: always true, without a length, and empty once it has been walked through. */
    static final class Generated {
        private List<Object> left;

        Generated(List<Object> items) {
            left = items;
        }

        List<Object> take() {
            List<Object> items = left;
            left = List.of();
            return items;
        }
    }

    /** The one mutable thing in a template. */
    record Namespace(Map<String, Object> attributes) {}

    /** Something to call: a macro, a method of a value, a function. */
    interface Callable {
        Object call(Rendering rendering, Arguments arguments);
    }

    /** The values of a caller as those of a template. */
    static Object imported(@Nullable Object value) {
        if (value == null) {
            return None.NONE;
        } else if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        } else if (value instanceof Float single) {
            return single.doubleValue();
        } else if (value instanceof Map<?, ?> map) {
            Map<Object, Object> copy = new LinkedHashMap<>();
            map.forEach((key, item) -> copy.put(imported(key), imported(item)));
            return copy;
        } else if (value instanceof List<?> || value instanceof Set<?>) {
            List<Object> copy = new ArrayList<>();
            ((Iterable<?>) value).forEach(item -> copy.add(imported(item)));
            return copy;
        } else if (value instanceof String
                || value instanceof Boolean
                || value instanceof Long
                || value instanceof Double
                || value instanceof None) {
            return value;
        }
        throw new TemplateFailure("a template cannot take a value of " + value.getClass()
                + "; give strings, numbers, booleans, lists and maps of them");
    }

    static boolean truth(Object value) {
        if (value instanceof Boolean truth) {
            return truth;
        } else if (value instanceof Long number) {
            return number != 0;
        } else if (value instanceof Double number) {
            return number != 0;
        } else if (value instanceof Undefined || value instanceof None) {
            return false;
        }
        int length = lengthOrMinusOne(value);
        return length != 0;
    }

    /** The number of things in a value, or -1 when that has no meaning. */
    static int lengthOrMinusOne(Object value) {
        if (value instanceof String text) {
            return Text.length(text);
        } else if (value instanceof Safe safe) {
            return Text.length(safe.text());
        } else if (value instanceof List<?> list) {
            return list.size();
        } else if (value instanceof Tuple tuple) {
            return tuple.items().size();
        } else if (value instanceof Map<?, ?> map) {
            return map.size();
        } else if (value instanceof View view) {
            return view.items().size();
        }
        return value instanceof Undefined ? 0 : -1;
    }

    /** The things in a value, in order. */
    @SuppressWarnings("unchecked") // lists and maps are made by imported() and by templates, which put values in
    static List<Object> items(Object value) {
        if (value instanceof List<?> list) {
            return (List<Object>) list;
        } else if (value instanceof Tuple tuple) {
            return tuple.items();
        } else if (value instanceof Map<?, ?> map) {
            return new ArrayList<>(map.keySet());
        } else if (value instanceof String text) {
            return Text.characters(text);
        } else if (value instanceof Safe safe) {
            return Text.characters(safe.text());
        } else if (value instanceof View view) {
            return view.items();
        } else if (value instanceof Generated generated) {
            return generated.take();
        } else if (value instanceof Undefined) {
            return List.of();
        }
        throw new TemplateFailure(kind(value) + " cannot be walked through; expected a list, a mapping or a string");
    }

    @SuppressWarnings("unchecked") // as above
    static Map<Object, Object> map(Object value) {
        if (value instanceof Map<?, ?> map) {
            return (Map<Object, Object>) map;
        }
        throw new TemplateFailure("expected a mapping, but got " + kind(value));
    }

    static boolean iterable(Object value) {
        return lengthOrMinusOne(value) >= 0 || value instanceof Generated;
    }

    static Object key(Object value) {
        if (value instanceof String
                || value instanceof Long
                || value instanceof Double
                || value instanceof Boolean
                || value instanceof None) {
            return value;
        } else if (value instanceof Safe safe) {
            return safe.text();
        }
        throw new TemplateFailure(kind(value) + " cannot be the key of a mapping");
    }

    static long integer(Object value) {
        if (value instanceof Long number) {
            return number;
        } else if (value instanceof Boolean truth) {
            return truth ? 1 : 0;
        }
        throw new TemplateFailure("expected an integer, but got " + kind(value));
    }

    static int smallInteger(Object value) {
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, integer(value)));
    }

    /** Python's name of the type. */
    static String kind(Object value) {
        if (value instanceof Undefined undefined) {
            return "an undefined value (" + undefined.what() + ")";
        } else if (value instanceof None) {
            return "none";
        } else if (value instanceof Boolean) {
            return "a boolean";
        } else if (value instanceof Long) {
            return "an integer";
        } else if (value instanceof Double) {
            return "a float";
        } else if (value instanceof String || value instanceof Safe) {
            return "a string";
        } else if (value instanceof List) {
            return "a list";
        } else if (value instanceof Tuple) {
            return "a tuple";
        } else if (value instanceof Map) {
            return "a mapping";
        } else if (value instanceof Callable) {
            return "a function or macro";
        } else if (value instanceof Loop) {
            return "the variable loop";
        }
        return value instanceof Namespace ? "a namespace" : "a generator";
    }

    /** The value as text, as an output prints it. */
    static String text(Object value) {
        if (value instanceof String text) {
            return text;
        } else if (value instanceof Undefined) {
            return "";
        } else if (value instanceof Safe safe) {
            return safe.text();
        }
        return Notation.of(value);
    }

    static boolean equal(Rendering rendering, Object left, Object right) {
        rendering.step();
        if (left == right) {
            return true;
        }
        if (left instanceof Safe || right instanceof Safe) {
            return equal(
                    rendering,
                    left instanceof Safe safe ? safe.text() : left,
                    right instanceof Safe safe ? safe.text() : right);
        }
        if (isNumber(left) && isNumber(right)) {
            return left instanceof Double || right instanceof Double
                    ? Operators.decimal(left) == Operators.decimal(right)
                    : integer(left) == integer(right);
        } else if (left instanceof Undefined && right instanceof Undefined) {
            return true;
        } else if (left instanceof Map<?, ?> && right instanceof Map<?, ?>) {
            Map<Object, Object> other = map(right);
            return map(left).size() == other.size()
                    && map(left).entrySet().stream()
                            .allMatch(entry -> other.containsKey(entry.getKey())
                                    && equal(rendering, entry.getValue(), other.get(entry.getKey())));
        } else if (left instanceof List<?> && right instanceof List<?>
                || left instanceof Tuple && right instanceof Tuple) {
            List<Object> items = items(left);
            List<Object> others = items(right);
            if (items.size() != others.size()) {
                return false;
            }
            Iterator<Object> other = others.iterator();
            return items.stream().allMatch(item -> equal(rendering, item, other.next()));
        }
        return left.equals(right);
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }
}
