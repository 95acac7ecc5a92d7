package dev.save4j.models;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** Reads a {@code config.json} and collects everything that is wrong with it, so that the user sees all of it at once. */
final class ConfigReader {
    private final JsonNode json;
    private final String family;
    private final Set<String> problems = new LinkedHashSet<>();

    ConfigReader(JsonNode json, String family) {
        this.json = json;
        this.family = family;
        refusePresent("quantization_config", "quantised weights cannot be trained; load the float checkpoint");
    }

    /** Whether the key is there with a value other than null. */
    boolean has(String key) {
        return json.hasNonNull(key);
    }

    long integer(String key) {
        if (!has(key)) {
            problems.add("'" + key + "' is missing");
            return 1;
        }
        return integer(key, 1);
    }

    long integer(String key, long orElse) {
        JsonNode value = json.path(key);
        if (!has(key)) {
            return orElse;
        }
        if (!value.isIntegralNumber() || value.longValue() < 1 || value.longValue() > Integer.MAX_VALUE) {
            problems.add("'" + key + "' is " + value + ", expected a whole number of at least 1");
            return orElse;
        }
        return value.longValue();
    }

    double real(String key, double orElse) {
        JsonNode value = json.path(key);
        if (!has(key)) {
            return orElse;
        }
        if (!value.isNumber() || !(value.doubleValue() > 0)) {
            problems.add("'" + key + "' is " + value + ", expected a positive number");
            return orElse;
        }
        return value.doubleValue();
    }

    boolean flag(String key, boolean orElse) {
        JsonNode value = json.path(key);
        if (!has(key)) {
            return orElse;
        }
        if (!value.isBoolean()) {
            problems.add("'" + key + "' is " + value + ", expected true or false");
            return orElse;
        }
        return value.booleanValue();
    }

    String choice(String key, String orElse, String... allowed) {
        if (!has(key)) {
            return orElse;
        }
        JsonNode value = json.path(key);
        if (!value.isString() || !Arrays.asList(allowed).contains(value.stringValue())) {
            problems.add("'" + key + "' is " + value + ", supported: " + String.join(", ", allowed));
            return orElse;
        }
        return value.stringValue();
    }

    /** Demands that a setting is absent, null, or has the one value that is supported. */
    void expect(String key, Object supported) {
        if (has(key) && !json.path(key).asString().equals(String.valueOf(supported))) {
            problems.add("'" + key + "' is " + json.path(key) + ", supported: " + supported);
        }
    }

    void refusePresent(String key, String why) {
        if (has(key)) {
            problems.add("'" + key + "' is " + json.path(key) + ", but must be absent or null: " + why);
        }
    }

    /**
     * The base of the rotary angles. Both places are read: {@code rope_theta} beside {@code rope_scaling}, and {@code rope_parameters}, which newer
     * releases of Transformers write.
     */
    double rotaryBase() {
        double theta = real("rope_theta", 10_000);
        for (String key : List.of("rope_scaling", "rope_parameters")) {
            JsonNode rope = json.path(key);
            if (!has(key)) {
                continue;
            }
            JsonNode type = rope.path("rope_type").isMissingNode() ? rope.path("type") : rope.path("rope_type");
            if (!rope.isObject() || !type.isMissingNode() && !type.asString().equals("default")) {
                problems.add(
                        "'" + key + "' is " + rope
                                + ", but only the unscaled rotary embedding is supported: null or {\"rope_type\": \"default\"}");
            }
            JsonNode base = rope.path("rope_theta");
            if (base.isNumber() && base.doubleValue() > 0) {
                theta = base.doubleValue();
            }
        }
        if (has("partial_rotary_factor") && json.path("partial_rotary_factor").asDouble() != 1) {
            problems.add("'partial_rotary_factor' is " + json.path("partial_rotary_factor") + ", supported: 1.0");
        }
        return theta;
    }

    /** Refuses layers other than full attention. */
    void fullAttentionOnly() {
        for (JsonNode layer : json.path("layer_types")) {
            if (!layer.asString().equals("full_attention")) {
                problems.add("'layer_types' holds " + layer + ", supported: full_attention");
            }
        }
    }

    void problem(String text) {
        problems.add(text);
    }

    /** A USER error with every problem found, if there is one. */
    void finish() {
        if (!problems.isEmpty()) {
            throw SaveException.user("config.json of a '" + family + "' model is not supported:\n  - "
                    + String.join("\n  - ", new ArrayList<>(problems)));
        }
    }

    /** Checks sizes that a record is given. */
    static void positive(String family, Map<String, Integer> sizes) {
        new TreeMap<>(sizes).forEach((name, size) -> {
            if (size < 1) {
                throw SaveException.user(family + ": " + name + " must be at least 1, but is " + size);
            }
        });
    }
}
