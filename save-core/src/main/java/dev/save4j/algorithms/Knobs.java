package dev.save4j.algorithms;

import dev.save4j.SaveException;
import dev.save4j.engine.Names;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads and writes {@link AlgorithmSettings} by key. The keys are its component names, so a new setting needs nothing here. */
final class Knobs {
    private static final RecordComponent[] COMPONENTS = AlgorithmSettings.class.getRecordComponents();

    private Knobs() {}

    static AlgorithmSettings override(AlgorithmSettings settings, Map<String, ?> overrides) {
        List<String> keys = Arrays.stream(COMPONENTS)
                .map(component -> key(component.getName()))
                .toList();
        // The name belongs to the factory.
        List<String> known =
                keys.stream().filter(key -> !key.equals("algorithm")).toList();
        List<String> problems = new ArrayList<>();
        for (String given : overrides.keySet()) {
            if (!known.contains(given)) {
                problems.add("unknown setting '" + given + "'"
                        + Names.nearest(given, known)
                                .map(near -> "; did you mean '" + near + "'?")
                                .orElse("; known are " + String.join(", ", known)));
            }
        }
        Object[] values = new Object[COMPONENTS.length];
        for (int i = 0; i < values.length; i++) {
            RecordComponent component = COMPONENTS[i];
            values[i] = read(component, settings);
            String key = keys.get(i);
            if (known.contains(key) && overrides.containsKey(key)) {
                Object given = overrides.get(key);
                Optional<Object> converted = convert(component.getType(), given);
                if (converted.isEmpty()) {
                    problems.add(key + " must be " + expected(component.getType()) + ", but is '" + given + "'");
                } else {
                    values[i] = converted.get();
                }
            }
        }
        try {
            AlgorithmSettings result = create(values);
            if (problems.isEmpty()) {
                return result;
            }
        } catch (SaveException invalid) {
            if (problems.isEmpty()) {
                throw invalid;
            }
            // The first line of the message is the heading that is repeated below.
            String.valueOf(invalid.getMessage())
                    .lines()
                    .skip(1)
                    .map(line -> line.substring("  - ".length()))
                    .forEach(problems::add);
        }
        throw SaveException.user("algorithm '" + settings.algorithm() + "' cannot run with these settings:\n  - "
                + String.join("\n  - ", problems));
    }

    static Map<String, Object> asMap(AlgorithmSettings settings) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (RecordComponent component : COMPONENTS) {
            Object value = read(component, settings);
            if (value instanceof Enum<?> constant) {
                value = label(constant);
            } else if (value instanceof Double number && Double.isInfinite(number)) {
                value = "none";
            }
            map.put(key(component.getName()), value);
        }
        return map;
    }

    private static Object read(RecordComponent component, AlgorithmSettings settings) {
        try {
            return component.getAccessor().invoke(settings);
        } catch (ReflectiveOperationException unreadable) {
            throw SaveException.internal("setting '" + component.getName() + "' cannot be read", unreadable);
        }
    }

    private static AlgorithmSettings create(Object[] values) {
        Class<?>[] types =
                Arrays.stream(COMPONENTS).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            return AlgorithmSettings.class.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException failed) {
            if (failed.getCause() instanceof SaveException invalid) {
                throw invalid;
            }
            throw SaveException.internal("the settings cannot be made", failed);
        } catch (ReflectiveOperationException failed) {
            throw SaveException.internal("the settings cannot be made", failed);
        }
    }

    private static Optional<Object> convert(Class<?> type, Object given) {
        String text = String.valueOf(given).trim();
        try {
            if (type == double.class) {
                return Optional.of(text.equals("none") ? Double.POSITIVE_INFINITY : Double.parseDouble(text));
            }
            if (type == int.class) {
                return Optional.of(new BigDecimal(text).intValueExact());
            }
        } catch (NumberFormatException | ArithmeticException notANumber) {
            return Optional.empty();
        }
        if (type == boolean.class) {
            return text.equals("true") || text.equals("false") ? Optional.of(text.equals("true")) : Optional.empty();
        }
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> label((Enum<?>) constant).equals(text))
                    .map(Object.class::cast)
                    .findFirst();
        }
        return Optional.of(text);
    }

    private static String expected(Class<?> type) {
        if (type.isEnum()) {
            return "one of "
                    + String.join(
                            ", ",
                            Arrays.stream(type.getEnumConstants())
                                    .map(constant -> label((Enum<?>) constant))
                                    .toList());
        }
        return type == boolean.class ? "true or false" : type == int.class ? "a whole number" : "a number or none";
    }

    static String key(String component) {
        return component.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A constant for people: twelve digits, {@code 1e-4} below a thousandth, {@code none} for infinity. */
    static String shown(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "none" : "-none";
        }
        BigDecimal exact = new BigDecimal(value, new MathContext(12)).stripTrailingZeros();
        if (exact.signum() == 0) {
            return "0";
        }
        if (exact.abs().compareTo(new BigDecimal("0.001")) >= 0) {
            return exact.toPlainString();
        }
        int exponent = exact.precision() - exact.scale() - 1;
        return exact.scaleByPowerOfTen(-exponent).toPlainString() + "e" + exponent;
    }
}
