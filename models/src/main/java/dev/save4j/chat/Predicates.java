package dev.save4j.chat;

import dev.save4j.chat.Values.None;
import dev.save4j.chat.Values.Undefined;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Jinja's tests, what stands after {@code is}. */
final class Predicates {
    interface Predicate {
        boolean holds(Rendering rendering, Object value, Arguments arguments);
    }

    private interface Plain {
        boolean holds(Object value);
    }

    private static final Map<String, Predicate> ALL = new HashMap<>();

    static {
        plain("defined", value -> !(value instanceof Undefined));
        plain("undefined", value -> value instanceof Undefined);
        plain("none", value -> value instanceof None);
        plain("string", value -> value instanceof String || value instanceof Values.Safe);
        plain("mapping", value -> value instanceof Map);
        plain("iterable", Values::iterable);
        plain(
                "sequence",
                value -> Values.iterable(value)
                        && !(value instanceof Values.View)
                        && !(value instanceof Values.Generated));
        plain("number", Values::isNumber);
        plain("integer", value -> value instanceof Long);
        plain("float", value -> value instanceof Double);
        plain("boolean", value -> value instanceof Boolean);
        plain("true", value -> value.equals(true));
        plain("false", value -> value.equals(false));
        plain("callable", value -> value instanceof Values.Callable);
        plain("odd", value -> Math.floorMod(Values.integer(value), 2) == 1);
        plain("even", value -> Math.floorMod(Values.integer(value), 2) == 0);
        plain("lower", value -> cased(value, false));
        plain("upper", value -> cased(value, true));
        ALL.put(
                "divisibleby",
                (rendering, value, arguments) -> Operators.apply(rendering, "%", value, arguments.positional(0))
                        .equals(0L));
        ALL.put("sameas", (rendering, value, arguments) -> value == arguments.positional(0));
        ALL.put("in", (rendering, value, arguments) -> Operators.contains(rendering, arguments.positional(0), value));
        for (List<String> names : List.of(
                List.of("==", "eq", "equalto"),
                List.of("!=", "ne"),
                List.of("<", "lt", "lessthan"),
                List.of("<=", "le"),
                List.of(">", "gt", "greaterthan"),
                List.of(">=", "ge"))) {
            for (String name : names) {
                ALL.put(
                        name,
                        (rendering, value, arguments) ->
                                Operators.compares(rendering, names.get(0), value, arguments.positional(0)));
            }
        }
    }

    private Predicates() {}

    static Optional<Predicate> find(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    static String names() {
        return String.join(", ", new TreeSet<>(ALL.keySet()));
    }

    private static void plain(String name, Plain test) {
        ALL.put(name, (rendering, value, arguments) -> {
            arguments.bind("the test " + name);
            return test.holds(value);
        });
    }

    private static boolean cased(Object value, boolean upper) {
        String text = Values.text(value);
        return Methods.cased(text, upper);
    }
}
