package dev.save4j.run;

import dev.save4j.SaveException;
import dev.save4j.engine.Names;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Binds a tree of settings to records and collects every problem instead of stopping at the first one, which no binding library does. Keys are
 * component names in snake case, enum constants are in kebab case.
 */
final class SettingsBinder {
    private final List<String> problems = new ArrayList<>();
    private final UnaryOperator<String> locate;

    /** @param locate turns the path of a key, as in {@code save.gate.every}, into the place where it was written */
    SettingsBinder(UnaryOperator<String> locate) {
        this.locate = locate;
    }

    List<String> problems() {
        return problems;
    }

    void problem(String path, String what) {
        problems.add(locate.apply(path) + what);
    }

    static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static String key(String component) {
        return component.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** The value, or null when there was a problem in it. */
    @Nullable
    Object bind(Type type, @Nullable JsonNode node, String path) {
        if (type instanceof ParameterizedType generic) {
            return bindGeneric(generic, node, path);
        }
        Class<?> wanted = (Class<?>) type;
        if (node == null || node.isNull()) {
            problem(path, "must be given");
            return null;
        }
        if (wanted.isRecord()) {
            return bindRecord(wanted, node, path);
        }
        if (wanted.isEnum()) {
            return bindEnum(wanted, node, path);
        }
        return bindScalar(wanted, node, path);
    }

    /** The inverse of {@link #bind}, of a record without lists: every key, in the order of the components. */
    static JsonNode tree(Object value) {
        if (value instanceof Optional<?> optional) {
            return optional.<JsonNode>map(SettingsBinder::tree).orElseGet(JsonNodeFactory.instance::nullNode);
        }
        if (value instanceof Record) {
            ObjectNode tree = JsonNodeFactory.instance.objectNode();
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                tree.set(key(component.getName()), tree(component(value, component)));
            }
            return tree;
        }
        return JsonMapper.shared().valueToTree(value instanceof Enum<?> constant ? label(constant) : value);
    }

    private static Object component(Object of, RecordComponent component) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException defect) {
            throw SaveException.internal("cannot read " + component, defect);
        }
    }

    private @Nullable Object bindGeneric(ParameterizedType type, @Nullable JsonNode node, String path) {
        if (type.getRawType() == Optional.class) {
            return node == null || node.isNull()
                    ? Optional.empty()
                    : Optional.ofNullable(bind(type.getActualTypeArguments()[0], node, path));
        }
        if (type.getRawType() == Map.class) {
            if (node == null || !node.isObject()) {
                problem(path, "must be a mapping, but is " + shown(node));
                return null;
            }
            Map<String, Object> values = new LinkedHashMap<>();
            node.properties().forEach(entry -> values.put(entry.getKey(), plain(entry.getValue())));
            return values;
        }
        if (node == null || !node.isArray()) {
            problem(path, "must be a list such as [a, b], but is " + shown(node));
            return null;
        }
        List<Object> values = new ArrayList<>();
        boolean complete = true;
        for (int i = 0; i < node.size(); i++) {
            Object value = bind(type.getActualTypeArguments()[0], node.get(i), path + "[" + i + "]");
            complete &= value != null;
            if (value != null) {
                values.add(value);
            }
        }
        return complete ? values : null;
    }

    private static Object plain(JsonNode node) {
        if (node.isIntegralNumber()) {
            return node.longValue();
        }
        if (node.isNumber()) {
            return node.doubleValue();
        }
        return node.isBoolean() ? node.booleanValue() : node.isString() ? node.stringValue() : node.toString();
    }

    private @Nullable Object bindRecord(Class<?> type, JsonNode node, String path) {
        if (!node.isObject()) {
            problem(path, "must be a mapping, but is " + shown(node));
            return null;
        }
        RecordComponent[] components = type.getRecordComponents();
        List<String> keys = Arrays.stream(components)
                .map(component -> key(component.getName()))
                .toList();
        for (String given : node.propertyNames()) {
            if (!keys.contains(given)) {
                problem(
                        join(path, given),
                        "is not a setting."
                                + Names.nearest(given, keys)
                                        .map(near -> " Did you mean '" + near + "'?")
                                        .orElse("") + " Known here: " + String.join(", ", keys));
            }
        }
        @Nullable Object[] values = new @Nullable Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        boolean complete = true;
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = bind(components[i].getGenericType(), node.get(keys.get(i)), join(path, keys.get(i)));
            complete &= values[i] != null;
        }
        return complete ? construct(type, types, values, path) : null;
    }

    private @Nullable Object construct(Class<?> type, Class<?>[] types, @Nullable Object[] values, String path) {
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException refused) {
            if (refused.getCause() instanceof SaveException cause && cause.kind() == SaveException.Kind.USER) {
                String message = String.valueOf(cause.getMessage());
                problem(path, path.isEmpty() ? message : "is not valid: " + message);
                return null;
            }
            throw SaveException.internal("cannot make " + type.getName(), refused);
        } catch (ReflectiveOperationException defect) {
            throw SaveException.internal("cannot make " + type.getName(), defect);
        }
    }

    private @Nullable Object bindEnum(Class<?> type, JsonNode node, String path) {
        List<String> labels = new ArrayList<>();
        for (Object constant : type.getEnumConstants()) {
            String label = label((Enum<?>) constant);
            if (node.isString() && node.stringValue().equals(label)) {
                return constant;
            }
            labels.add(label);
        }
        Optional<String> near = node.isString() ? Names.nearest(node.stringValue(), labels) : Optional.empty();
        problem(
                path,
                "must be one of " + String.join(" | ", labels) + ", but is " + shown(node)
                        + near.map(label -> ". Did you mean '" + label + "'?").orElse(""));
        return null;
    }

    private @Nullable Object bindScalar(Class<?> type, JsonNode node, String path) {
        if (type == String.class && node.isString()) {
            return node.stringValue();
        }
        if (type == boolean.class && node.isBoolean()) {
            return node.booleanValue();
        }
        if (type == double.class && node.isNumber()) {
            return node.doubleValue();
        }
        if (type == int.class && node.isIntegralNumber() && node.canConvertToInt()) {
            return node.intValue();
        }
        if ((type == long.class || type == Long.class) && node.isIntegralNumber() && node.canConvertToLong()) {
            return node.longValue();
        }
        String wanted = type == String.class
                ? "a text"
                : type == boolean.class ? "true or false" : type == double.class ? "a number" : "a whole number";
        problem(path, "must be " + wanted + ", but is " + shown(node));
        return null;
    }

    private static String shown(@Nullable JsonNode node) {
        return node == null ? "missing" : node.toString();
    }

    static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
