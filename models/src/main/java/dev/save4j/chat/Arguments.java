package dev.save4j.chat;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a function, filter or test is called with. */
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    Object positional(int index) {
        if (index >= positional.size()) {
            throw new TemplateFailure("there is no argument number " + (index + 1));
        }
        return positional.get(index);
    }

    Object named(String name) {
        Object value = named.get(name);
        if (value == null) {
            throw new TemplateFailure("there is no argument called " + name);
        }
        return value;
    }

    /** The arguments by the names of the parameters, refusing what has no parameter. */
    Bound bind(String function, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateFailure(
                    function + " takes at most " + parameters.length + " arguments, but got " + positional.size());
        }
        @Nullable Object[] values = new @Nullable Object[parameters.length];
        for (int at = 0; at < positional.size(); at++) {
            values[at] = positional.get(at);
        }
        named.forEach((name, value) -> {
            int at = List.of(parameters).indexOf(name);
            if (at < 0 || values[at] != null) {
                throw new TemplateFailure(
                        function + " cannot take the argument " + name + "; it knows " + String.join(", ", parameters));
            }
            values[at] = value;
        });
        return new Bound(function, List.of(parameters), values);
    }

    /** Arguments in the order of the parameters. */
    record Bound(
            String function,
            List<String> parameters,
            @Nullable Object[] values) {
        boolean has(int at) {
            return values[at] != null;
        }

        Object get(int at) {
            Object value = values[at];
            if (value == null) {
                throw new TemplateFailure(function + " needs the argument " + parameters.get(at));
            }
            return value;
        }

        Object get(int at, Object otherwise) {
            Object value = values[at];
            return value == null ? otherwise : value;
        }

        String text(int at, String otherwise) {
            return Values.text(get(at, otherwise));
        }

        boolean truth(int at) {
            return Values.truth(get(at, false));
        }
    }
}
