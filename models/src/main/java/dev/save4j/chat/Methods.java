package dev.save4j.chat;

import dev.save4j.chat.Arguments.Bound;
import dev.save4j.chat.Values.Callable;
import dev.save4j.chat.Values.None;
import dev.save4j.chat.Values.Tuple;
import dev.save4j.chat.Values.View;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The methods of Python's strings, lists, tuples and dictionaries that Jinja's immutable sandbox lets a template call. */
final class Methods {
    private interface Method<T> {
        Object call(Rendering rendering, T self, Arguments arguments);
    }

    private static final Map<String, Method<String>> STRING = new HashMap<>();
    private static final Set<String> OTHER_STRING = Set.of(
            "casefold",
            "center",
            "encode",
            "expandtabs",
            "format_map",
            "isascii",
            "isdecimal",
            "isidentifier",
            "isnumeric",
            "isprintable",
            "istitle",
            "ljust",
            "maketrans",
            "partition",
            "rindex",
            "rjust",
            "rpartition",
            "swapcase",
            "translate",
            "zfill");
    private static final Set<String> CHANGES_MAP = Set.of("clear", "pop", "popitem", "setdefault", "update");
    private static final Set<String> CHANGES_LIST =
            Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
    private static final Set<String> OTHER = Set.of("copy", "fromkeys");

    static {
        STRING.put("strip", (rendering, self, given) -> strip(self, given, true, true));
        STRING.put("lstrip", (rendering, self, given) -> strip(self, given, true, false));
        STRING.put("rstrip", (rendering, self, given) -> strip(self, given, false, true));
        STRING.put("upper", (rendering, self, given) -> Text.upper(self));
        STRING.put("lower", (rendering, self, given) -> Text.lower(self));
        STRING.put("title", (rendering, self, given) -> Text.titled(self));
        STRING.put("capitalize", (rendering, self, given) -> Text.capitalized(self));
        STRING.put("startswith", (rendering, self, given) -> affix(self, given, true));
        STRING.put("endswith", (rendering, self, given) -> affix(self, given, false));
        STRING.put("split", (rendering, self, given) -> split(rendering, self, given, false));
        STRING.put("rsplit", (rendering, self, given) -> split(rendering, self, given, true));
        STRING.put(
                "splitlines",
                (rendering, self, given) -> new ArrayList<Object>(
                        Text.lines(self, given.bind("splitlines", "keepends").truth(0))));
        STRING.put("replace", Methods::replaceMethod);
        STRING.put("find", (rendering, self, given) -> found(self, self.indexOf(text(given))));
        STRING.put("rfind", (rendering, self, given) -> found(self, self.lastIndexOf(text(given))));
        STRING.put("index", (rendering, self, given) -> index(self, text(given)));
        STRING.put(
                "count",
                (rendering, self, given) -> text(given).isEmpty()
                        ? Text.length(self) + 1L
                        : Text.split(self, text(given), -1).size() - 1L);
        STRING.put("join", Methods::join);
        STRING.put("format", (rendering, self, given) -> {
            String made = Formats.braces(self, given);
            rendering.room(made.length());
            return made;
        });
        STRING.put(
                "removeprefix",
                (rendering, self, given) -> self.startsWith(text(given))
                        ? self.substring(text(given).length())
                        : self);
        STRING.put(
                "removesuffix",
                (rendering, self, given) -> self.endsWith(text(given))
                        ? self.substring(0, self.length() - text(given).length())
                        : self);
        STRING.put("isdigit", (rendering, self, given) -> every(self, Character::isDigit));
        STRING.put("isalpha", (rendering, self, given) -> every(self, Character::isLetter));
        STRING.put("isalnum", (rendering, self, given) -> every(self, Character::isLetterOrDigit));
        STRING.put("isspace", (rendering, self, given) -> every(self, Text::isSpace));
        STRING.put("isupper", (rendering, self, given) -> cased(self, true));
        STRING.put("islower", (rendering, self, given) -> cased(self, false));
    }

    private Methods() {}

    /** Whether a method would change the value, which the sandbox hides. */
    static boolean changes(Object value, String name) {
        return value instanceof Map && CHANGES_MAP.contains(name)
                || value instanceof List && CHANGES_LIST.contains(name);
    }

    /** A method of a value; empty when its kind has none of that name, a callable that fails when it is one out of reach. */
    static Optional<Callable> find(Object value, String name) {
        if (value instanceof String text) {
            Method<String> method = STRING.get(name);
            if (method != null) {
                return Optional.of((rendering, arguments) -> {
                    rendering.steps(text.length() >> 8);
                    return method.call(rendering, text, arguments);
                });
            }
            return refused(OTHER_STRING, name, "strings");
        } else if (value instanceof Values.Safe) {
            return STRING.containsKey(name) ? refused(Set.of(name), name, "texts marked as safe") : Optional.empty();
        } else if (value instanceof Map<?, ?>) {
            Map<Object, Object> map = Values.map(value);
            switch (name) {
                case "get":
                    return Optional.of((rendering, arguments) -> get(map, arguments));
                case "items":
                    return Optional.of((rendering, arguments) -> new View("items", entries(map)));
                case "keys":
                    return Optional.of((rendering, arguments) -> new View("keys", new ArrayList<>(map.keySet())));
                case "values":
                    return Optional.of((rendering, arguments) -> new View("values", new ArrayList<>(map.values())));
                default:
                    return refused(OTHER, name, "mappings");
            }
        } else if (value instanceof List || value instanceof Tuple) {
            List<Object> items = Values.items(value);
            if (name.equals("index")) {
                return Optional.of((rendering, arguments) -> index(rendering, items, arguments.positional(0)));
            } else if (name.equals("count")) {
                return Optional.of((rendering, arguments) -> items.stream()
                        .filter(item -> Values.equal(rendering, item, arguments.positional(0)))
                        .count());
            }
            return value instanceof List ? refused(OTHER, name, "lists") : Optional.empty();
        }
        return Optional.empty();
    }

    private static Optional<Callable> refused(Set<String> names, String name, String kind) {
        return names.contains(name)
                ? Optional.of((rendering, arguments) -> {
                    throw new TemplateFailure("the method '" + name + "' of " + kind + " is not supported");
                })
                : Optional.empty();
    }

    static List<Object> entries(Map<Object, Object> map) {
        List<Object> entries = new ArrayList<>(map.size());
        map.forEach((key, value) -> entries.add(new Tuple(List.of(key, value))));
        return entries;
    }

    private static Object get(Map<Object, Object> map, Arguments arguments) {
        Bound given = arguments.bind("get", "key", "default");
        Object value = map.get(Values.key(given.get(0)));
        return value == null ? given.get(1, None.NONE) : value;
    }

    private static Object index(Rendering rendering, List<Object> items, Object wanted) {
        for (int at = 0; at < items.size(); at++) {
            if (Values.equal(rendering, items.get(at), wanted)) {
                return (long) at;
            }
        }
        throw new TemplateFailure("the item is not in the list");
    }

    private static String text(Arguments arguments) {
        Object value = arguments.bind("a method of strings", "text").get(0);
        if (value instanceof String || value instanceof Values.Safe) {
            return Values.text(value);
        }
        throw new TemplateFailure("a method of strings needs a string, but got " + Values.kind(value));
    }

    private static Object strip(String self, Arguments arguments, boolean start, boolean end) {
        Object characters = arguments.bind("strip", "chars").get(0, None.NONE);
        return characters instanceof None
                ? Text.strip(self, start, end)
                : Text.strip(self, Values.text(characters), start, end);
    }

    private static Object affix(String self, Arguments arguments, boolean start) {
        Object wanted =
                arguments.bind(start ? "startswith" : "endswith", "text").get(0);
        List<Object> affixes = wanted instanceof Tuple tuple ? tuple.items() : List.of(wanted);
        for (Object affix : affixes) {
            String text = text(new Arguments(List.of(affix), Map.of()));
            if (start ? self.startsWith(text) : self.endsWith(text)) {
                return true;
            }
        }
        return false;
    }

    private static Object split(Rendering rendering, String self, Arguments arguments, boolean fromEnd) {
        Bound given = arguments.bind("split", "sep", "maxsplit");
        long limit = Values.integer(given.get(1, -1L));
        Object separator = given.get(0, None.NONE);
        if (separator instanceof None) {
            if (fromEnd && limit >= 0) {
                throw new TemplateFailure("rsplit with maxsplit needs a separator");
            }
            return Text.splitOnSpace(self, limit);
        }
        String text = text(new Arguments(List.of(separator), Map.of()));
        if (text.isEmpty()) {
            throw new TemplateFailure("split needs a separator that is not empty");
        }
        List<Object> parts = fromEnd ? Text.splitFromEnd(self, text, limit) : Text.split(self, text, limit);
        rendering.steps(parts.size());
        return parts;
    }

    private static Object replaceMethod(Rendering rendering, String self, Arguments arguments) {
        Bound given = arguments.bind("replace", "old", "new", "count");
        return replace(
                rendering,
                self,
                text(new Arguments(List.of(given.get(0)), Map.of())),
                text(new Arguments(List.of(given.get(1)), Map.of())),
                Values.integer(given.get(2, -1L)));
    }

    static String replace(Rendering rendering, String self, String old, String replacement, long count) {
        long places = old.isEmpty() ? self.length() + 1L : self.length() / old.length();
        if (places * replacement.length() > Rendering.LONGEST) {
            long found = old.isEmpty() ? places : Text.split(self, old, -1).size() - 1L;
            rendering.room(self.length() + found * replacement.length());
        }
        String replaced = Text.replaced(self, old, replacement, count);
        rendering.steps(replaced.length() >> 8);
        return replaced;
    }

    private static Object found(String self, int at) {
        return at < 0 ? -1L : (long) self.codePointCount(0, at);
    }

    private static Object index(String self, String wanted) {
        if (!self.contains(wanted)) {
            throw new TemplateFailure("'" + wanted + "' is not in the string");
        }
        return found(self, self.indexOf(wanted));
    }

    private static Object join(Rendering rendering, String self, Arguments arguments) {
        StringBuilder joined = new StringBuilder();
        String before = "";
        for (Object item : Values.items(arguments.bind("join", "iterable").get(0))) {
            String text = text(new Arguments(List.of(item), Map.of()));
            rendering.steps(1 + (text.length() >> 8));
            rendering.room((long) joined.length() + before.length() + text.length());
            joined.append(before).append(text);
            before = self;
        }
        return joined.toString();
    }

    private static boolean every(String text, java.util.function.IntPredicate test) {
        return !text.isEmpty() && text.codePoints().allMatch(test);
    }

    static boolean cased(String text, boolean upper) {
        return text.codePoints().anyMatch(point -> upper ? Character.isUpperCase(point) : Character.isLowerCase(point))
                && text.codePoints()
                        .noneMatch(point -> upper ? Character.isLowerCase(point) : Character.isUpperCase(point));
    }

    /** The functions that every template finds: {@code range}, {@code dict}, {@code namespace} and {@code raise_exception}. */
    static void globals(Scope scope) {
        scope.set("range", (Callable) Methods::range);
        scope.set("dict", (Callable) (rendering, arguments) -> new LinkedHashMap<Object, Object>(named(arguments)));
        scope.set("namespace", (Callable) (rendering, arguments) -> new Values.Namespace(named(arguments)));
        scope.set("raise_exception", (Callable) (rendering, arguments) -> {
            throw new Refusal(arguments.bind("raise_exception", "message").text(0, ""));
        });
    }

    /** What a template says with {@code raise_exception}. */
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    private static Map<String, Object> named(Arguments arguments) {
        Map<String, Object> named = new LinkedHashMap<>();
        for (Object map : arguments.positional()) {
            Values.map(map).forEach((key, value) -> named.put(Values.text(key), value));
        }
        named.putAll(arguments.named());
        return named;
    }

    private static Object range(Rendering rendering, Arguments arguments) {
        Bound given = arguments.bind("range", "start", "stop", "step");
        long start = given.has(1) ? Values.integer(given.get(0)) : 0;
        long stop = Values.integer(given.has(1) ? given.get(1) : given.get(0));
        long step = Values.integer(given.get(2, 1L));
        if (step == 0) {
            throw new TemplateFailure("the step of a range cannot be 0");
        }
        List<Object> numbers = new ArrayList<>();
        for (long at = start; step > 0 ? at < stop : at > stop; at += step) {
            // The sandbox's own limit.
            if (numbers.size() == 100_000) {
                throw new TemplateFailure("a range of more than 100000 numbers");
            }
            numbers.add(at);
        }
        rendering.steps(numbers.size());
        return numbers;
    }
}
