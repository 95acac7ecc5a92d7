package dev.save4j.chat;

import dev.save4j.chat.Arguments.Bound;
import dev.save4j.chat.Values.Generated;
import dev.save4j.chat.Values.None;
import dev.save4j.chat.Values.Safe;
import dev.save4j.chat.Values.Tuple;
import dev.save4j.chat.Values.Undefined;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Jinja's filters, with {@code tojson} as Transformers replaces it. */
final class Filters {
    /** What stands after a bar. */
    interface Filter {
        Object apply(Rendering rendering, Object value, Arguments arguments);
    }

    private interface TextFilter {
        Object apply(String text, Bound arguments);
    }

    private static final Map<String, Filter> ALL = new HashMap<>();

    static {
        text(
                "trim",
                (text, given) -> given.has(0) && !(given.get(0) instanceof None)
                        ? Text.strip(text, given.text(0, ""), true, true)
                        : Text.strip(text, true, true),
                "chars");
        text("upper", (text, given) -> Text.upper(text));
        text("lower", (text, given) -> Text.lower(text));
        text("capitalize", (text, given) -> Text.capitalized(text));
        text("title", (text, given) -> title(text));
        text("string", (text, given) -> text);
        text("safe", (text, given) -> new Safe(text));
        text("indent", (text, given) -> indented(text, given), "width", "first", "blank");
        ALL.put("replace", Filters::replace);
        ALL.put(
                "format",
                (rendering, value, arguments) ->
                        Formats.percent(Values.text(value), new Tuple(arguments.positional())));
        ALL.put("length", (rendering, value, arguments) -> length(value));
        ALL.put("count", (rendering, value, arguments) -> length(value));
        ALL.put("default", Filters::defaulted);
        ALL.put("d", Filters::defaulted);
        ALL.put("tojson", Filters::json);
        ALL.put("list", (rendering, value, arguments) -> counted(rendering, new ArrayList<>(Values.items(value))));
        ALL.put("items", Filters::items);
        ALL.put("first", (rendering, value, arguments) -> end(Values.items(value), true));
        ALL.put("last", (rendering, value, arguments) -> last(value));
        ALL.put("reverse", Filters::reversed);
        ALL.put("join", Filters::join);
        ALL.put("map", Filters::mapped);
        ALL.put("select", (rendering, value, given) -> selected(rendering, value, given, true, false));
        ALL.put("reject", (rendering, value, given) -> selected(rendering, value, given, false, false));
        ALL.put("selectattr", (rendering, value, given) -> selected(rendering, value, given, true, true));
        ALL.put("rejectattr", (rendering, value, given) -> selected(rendering, value, given, false, true));
        ALL.put("sort", Filters::sorted);
        ALL.put("dictsort", Filters::sortedMap);
        ALL.put("unique", Filters::unique);
        ALL.put("int", Filters::integer);
        ALL.put("float", Filters::decimal);
        ALL.put(
                "abs",
                (rendering, value, arguments) -> value instanceof Double number
                        ? (Object) Math.abs(number)
                        : (Object) Math.abs(Values.integer(value)));
        ALL.put("sum", Filters::sum);
        ALL.put("min", (rendering, value, given) -> extreme(rendering, value, given, 1));
        ALL.put("max", (rendering, value, given) -> extreme(rendering, value, given, -1));
    }

    private Filters() {}

    static Optional<Filter> find(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    static String names() {
        return String.join(", ", new TreeSet<>(ALL.keySet()));
    }

    private static void text(String name, TextFilter filter, String... parameters) {
        ALL.put(name, (rendering, value, arguments) -> {
            String text = Values.text(value);
            rendering.steps(text.length() >> 8);
            return filter.apply(text, arguments.bind("the filter " + name, parameters));
        });
    }

    private static List<Object> counted(Rendering rendering, List<Object> items) {
        rendering.steps(items.size());
        return items;
    }

    private static String title(String text) {
        StringBuilder titled = new StringBuilder();
        boolean starts = true;
        for (int point : text.codePoints().toArray()) {
            String letter = Character.toString(point);
            boolean separator = "-({[<".indexOf(point) >= 0 || Text.isSpace(point);
            titled.append(starts ? Text.upper(letter) : Text.lower(letter));
            starts = separator;
        }
        return titled.toString();
    }

    private static String indented(String text, Bound given) {
        Object width = given.get(0, 4L);
        String indent = width instanceof String given0 ? given0 : " ".repeat(Math.max(0, Values.smallInteger(width)));
        StringBuilder out = new StringBuilder(given.truth(1) ? indent : "");
        List<String> lines = Text.lines(text + "\n", false);
        for (int at = 0; at < lines.size(); at++) {
            String line = lines.get(at);
            boolean indents = at > 0 && (given.truth(2) || !line.isEmpty());
            out.append(at == 0 ? "" : "\n").append(indents ? indent : "").append(line);
        }
        return out.toString();
    }

    private static Object replace(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter replace", "old", "new", "count");
        Object count = given.get(2, None.NONE);
        return Methods.replace(
                rendering,
                Values.text(value),
                Values.text(given.get(0)),
                Values.text(given.get(1)),
                count instanceof None ? -1 : Values.integer(count));
    }

    static Object length(Object value) {
        int length = Values.lengthOrMinusOne(value);
        if (length < 0) {
            throw new TemplateFailure(Values.kind(value) + " has no length");
        }
        return (long) length;
    }

    private static Object defaulted(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter default", "default_value", "boolean");
        boolean absent = value instanceof Undefined || given.truth(1) && !Values.truth(value);
        return absent ? given.get(0, "") : value;
    }

    private static Object json(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter tojson", "ensure_ascii", "indent", "separators", "sort_keys");
        Object indent = given.get(1, None.NONE);
        boolean oneLine = indent instanceof None;
        Object separators = given.get(2, None.NONE);
        List<Object> between =
                separators instanceof None ? List.of(oneLine ? ", " : ",", ": ") : Values.items(separators);
        if (between.size() != 2) {
            throw new TemplateFailure("the separators of tojson are two texts, but got " + between.size());
        }
        String spaces = oneLine
                ? Notation.NO_INDENT
                : indent instanceof String text
                        ? text
                        : " ".repeat(Math.min(100, Math.max(0, Values.smallInteger(indent))));
        String json = Notation.json(
                value,
                new Notation.JsonStyle(
                        given.truth(0),
                        spaces,
                        Values.text(between.get(0)),
                        Values.text(between.get(1)),
                        given.truth(3)));
        rendering.steps(json.length() >> 4);
        return json;
    }

    private static Object items(Rendering rendering, Object value, Arguments arguments) {
        return new Generated(value instanceof Undefined ? List.of() : Methods.entries(Values.map(value)));
    }

    private static Object end(List<Object> items, boolean first) {
        if (items.isEmpty()) {
            return new Undefined("the " + (first ? "first" : "last") + " item of nothing");
        }
        return items.get(first ? 0 : items.size() - 1);
    }

    private static Object last(Object value) {
        if (value instanceof Generated) {
            throw new TemplateFailure("a generator has no last item; put |list before |last");
        }
        return end(Values.items(value), false);
    }

    private static Object reversed(Rendering rendering, Object value, Arguments arguments) {
        List<Object> items = counted(rendering, new ArrayList<>(Values.items(value)));
        Collections.reverse(items);
        if (value instanceof String) {
            StringBuilder text = new StringBuilder();
            items.forEach(text::append);
            return text.toString();
        }
        return new Generated(items);
    }

    private static Object join(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter join", "d", "attribute");
        StringBuilder joined = new StringBuilder();
        String separator = "";
        for (Object item : Values.items(value)) {
            Object part = given.has(1) && !(given.get(1) instanceof None) ? path(item, given.get(1)) : item;
            String text = Values.text(part);
            rendering.steps(1 + (text.length() >> 8));
            rendering.room((long) joined.length() + separator.length() + text.length());
            joined.append(separator).append(text);
            separator = given.text(0, "");
        }
        return joined.toString();
    }

    /** The item at a path such as {@code function.name}. */
    private static Object path(Object value, Object path) {
        Object found = value;
        if (path instanceof Long) {
            return Access.item(value, path);
        }
        for (Object part : Text.split(Values.text(path), ".", -1)) {
            String key = Values.text(part);
            boolean index = !key.isEmpty() && key.length() < 10 && key.chars().allMatch(Character::isDigit);
            found = Access.item(found, index ? (Object) Long.parseLong(key) : key);
        }
        return found;
    }

    private static Object mapped(Rendering rendering, Object value, Arguments arguments) {
        List<Object> results = new ArrayList<>();
        if (arguments.positional().isEmpty()) {
            Bound given = arguments.bind("the filter map", "attribute", "default");
            for (Object item : Values.items(value)) {
                Object found = path(item, given.get(0));
                results.add(found instanceof Undefined ? given.get(1, found) : found);
            }
        } else {
            String name = Values.text(arguments.positional(0));
            Filter filter = find(name)
                    .orElseThrow(() ->
                            new TemplateFailure("the filter '" + name + "' is not supported; known are " + names()));
            Arguments rest = rest(arguments, 1);
            for (Object item : Values.items(value)) {
                results.add(filter.apply(rendering, item, rest));
            }
        }
        return new Generated(counted(rendering, results));
    }

    private static Arguments rest(Arguments arguments, int from) {
        List<Object> positional = arguments.positional();
        return new Arguments(
                positional.subList(Math.min(from, positional.size()), positional.size()), arguments.named());
    }

    private static Object selected(
            Rendering rendering, Object value, Arguments arguments, boolean keeps, boolean byAttribute) {
        int test = byAttribute ? 1 : 0;
        if (byAttribute && arguments.positional().isEmpty()) {
            throw new TemplateFailure("selectattr and rejectattr need the name of an attribute");
        }
        List<Object> kept = new ArrayList<>();
        boolean tested = arguments.positional().size() > test;
        Arguments rest = rest(arguments, test + 1);
        for (Object item : Values.items(value)) {
            rendering.step();
            Object subject = byAttribute ? path(item, arguments.positional(0)) : item;
            boolean holds = tested
                    ? predicate(Values.text(arguments.positional(test))).holds(rendering, subject, rest)
                    : Values.truth(subject);
            if (holds == keeps) {
                kept.add(item);
            }
        }
        return new Generated(kept);
    }

    private static Predicates.Predicate predicate(String name) {
        return Predicates.find(name)
                .orElseThrow(() -> new TemplateFailure(
                        "the test '" + name + "' is not supported; known are " + Predicates.names()));
    }

    private static Object comparable(Object item, Object attribute, boolean caseSensitive) {
        Object part = attribute instanceof None ? item : path(item, attribute);
        return part instanceof String text && !caseSensitive ? Text.lower(text) : part;
    }

    private static Object sorted(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter sort", "reverse", "case_sensitive", "attribute");
        Object attribute = given.get(2, None.NONE);
        Comparator<Object> order = (a, b) ->
                Operators.compare(comparable(a, attribute, given.truth(1)), comparable(b, attribute, given.truth(1)));
        List<Object> items = counted(rendering, new ArrayList<>(Values.items(value)));
        items.sort(given.truth(0) ? order.reversed() : order);
        return items;
    }

    private static Object sortedMap(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter dictsort", "case_sensitive", "by", "reverse");
        Object by = given.get(1, "key").equals("value") ? 1L : 0L;
        Comparator<Object> order =
                (a, b) -> Operators.compare(comparable(a, by, given.truth(0)), comparable(b, by, given.truth(0)));
        List<Object> entries = counted(rendering, Methods.entries(Values.map(value)));
        entries.sort(given.truth(2) ? order.reversed() : order);
        return entries;
    }

    private static Object unique(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter unique", "case_sensitive", "attribute");
        List<Object> kept = new ArrayList<>();
        List<Object> seen = new ArrayList<>();
        for (Object item : Values.items(value)) {
            Object key = comparable(item, given.get(1, None.NONE), given.truth(0));
            if (!Operators.contains(rendering, seen, key)) {
                seen.add(key);
                kept.add(item);
            }
        }
        return new Generated(kept);
    }

    private static Object extreme(Rendering rendering, Object value, Arguments arguments, int sign) {
        Bound given = arguments.bind("the filters min and max", "case_sensitive", "attribute");
        Object best = new Undefined("the extreme item of nothing");
        Object bestKey = None.NONE;
        for (Object item : counted(rendering, Values.items(value))) {
            Object key = comparable(item, given.get(1, None.NONE), given.truth(0));
            if (best instanceof Undefined || Operators.compare(key, bestKey) * sign < 0) {
                best = item;
                bestKey = key;
            }
        }
        return best;
    }

    private static Object sum(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter sum", "attribute", "start");
        Object sum = given.get(1, 0L);
        for (Object item : counted(rendering, Values.items(value))) {
            Object attribute = given.get(0, None.NONE);
            sum = Operators.apply(rendering, "+", sum, attribute instanceof None ? item : path(item, attribute));
        }
        return sum;
    }

    private static Object integer(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter int", "default", "base");
        Object otherwise = given.get(0, 0L);
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        } else if (value instanceof Double number) {
            return Double.isNaN(number) || Double.isInfinite(number) ? otherwise : (Object) (long) (double) number;
        } else if (value instanceof Long || value instanceof Boolean) {
            return Values.integer(value);
        } else if (!(value instanceof String) && !(value instanceof Safe)) {
            return otherwise;
        }
        String digits = Text.strip(Values.text(value), true, true);
        try {
            return Long.parseLong(digits, Values.smallInteger(given.get(1, 10L)));
        } catch (NumberFormatException noInteger) {
            Object number = decimalOr(digits, otherwise);
            return number instanceof Double decimal && !given.has(1) ? (Object) (long) (double) decimal : otherwise;
        }
    }

    private static Object decimal(Rendering rendering, Object value, Arguments arguments) {
        Bound given = arguments.bind("the filter float", "default");
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        } else if (Values.isNumber(value)) {
            return Operators.decimal(value);
        }
        return decimalOr(Text.strip(Values.text(value), true, true), given.get(0, 0.0));
    }

    private static Object decimalOr(String digits, Object otherwise) {
        return digits.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?")
                ? (Object) Double.parseDouble(digits)
                : otherwise;
    }
}
