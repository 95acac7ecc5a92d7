package dev.save4j.chat;

import dev.save4j.chat.Values.None;
import dev.save4j.chat.Values.Tuple;
import dev.save4j.chat.Values.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code a.b}, {@code a[b]} and {@code a[b:c]}: with a dot methods come before items, with brackets after them. */
final class Access {
    private Access() {}

    static Object attribute(Object object, String name) {
        if (object instanceof Undefined undefined) {
            throw undefined.failure();
        } else if (object instanceof Loop loop) {
            return loop.attribute(name);
        } else if (object instanceof Values.Namespace namespace) {
            return or(namespace.attributes().get(name), object, name);
        }
        if (Methods.changes(object, name)) {
            return new Undefined("the method '" + name + "', which would change " + Values.kind(object) + ",");
        }
        Optional<Values.Callable> method = Methods.find(object, name);
        if (method.isPresent()) {
            return method.get();
        }
        return or(object instanceof Map<?, ?> map ? map.get(name) : null, object, name);
    }

    static Object item(Object object, Object key) {
        if (object instanceof Undefined undefined) {
            throw undefined.failure();
        } else if (object instanceof Map<?, ?> map && !(key instanceof Undefined)) {
            Object value = map.get(Values.key(key));
            if (value != null) {
                return value;
            }
        } else if ((key instanceof Long || key instanceof Boolean) && isSequence(object)) {
            int length = Values.lengthOrMinusOne(object);
            long index = Values.integer(key);
            index += index < 0 ? length : 0;
            if (index < 0 || index >= length) {
                return new Undefined("item " + key + " of " + Values.kind(object) + " of length " + length);
            } else if (object instanceof String text) {
                return Text.part(text, (int) index, (int) index + 1);
            }
            return Values.items(object).get((int) index);
        }
        if (object instanceof Values.Safe) {
            throw new TemplateFailure("a text marked as safe has no items here; leave out the filter safe");
        }
        return key instanceof String name ? attribute(object, name) : or(null, object, Values.text(key));
    }

    private static boolean isSequence(Object value) {
        return value instanceof List || value instanceof Tuple || value instanceof String;
    }

    private static Object or(@Nullable Object value, Object object, String name) {
        return value == null ? new Undefined("'" + name + "' of " + Values.kind(object)) : value;
    }

    static Object slice(Rendering rendering, Object whole, Object start, Object stop, Object step) {
        if (whole instanceof Undefined undefined) {
            throw undefined.failure();
        } else if (!isSequence(whole)) {
            throw new TemplateFailure(Values.kind(whole) + " cannot be sliced");
        }
        int by = step instanceof None ? 1 : Values.smallInteger(step);
        if (by == 0) {
            throw new TemplateFailure("the step of a slice cannot be 0");
        }
        int length = Values.lengthOrMinusOne(whole);
        int lowest = by > 0 ? 0 : -1;
        int highest = by > 0 ? length : length - 1;
        int from = start instanceof None ? (by > 0 ? lowest : highest) : place(start, length, lowest, highest);
        int to = stop instanceof None ? (by > 0 ? highest : lowest) : place(stop, length, lowest, highest);
        rendering.steps(1 + (length >> 6));
        if (whole instanceof String text && by == 1) {
            return Text.part(text, from, Math.max(from, to));
        }
        List<Object> items = Values.items(whole);
        List<Object> kept = new ArrayList<>();
        for (long at = from; by > 0 ? at < to : at > to; at += by) {
            kept.add(items.get((int) at));
        }
        rendering.steps(kept.size());
        if (whole instanceof String) {
            StringBuilder text = new StringBuilder();
            kept.forEach(text::append);
            return text.toString();
        }
        return whole instanceof Tuple ? new Tuple(kept) : kept;
    }

    private static int place(Object bound, int length, int lowest, int highest) {
        long index = Values.integer(bound);
        index += index < 0 ? length : 0;
        return (int) Math.max(lowest, Math.min(highest, index));
    }
}
