package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.engine.Names;
import dev.save4j.graph.TensorType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** The backbones by {@code model_type}, and what holds for all of them. */
public final class Backbones {
    private static final Map<String, Function<JsonNode, CausalBackbone>> FAMILIES = new TreeMap<>(Map.of(
            "gpt2", Gpt2::parse,
            "llama", Llama::parse,
            "mistral", Llama::parse,
            "qwen2", Llama::parse,
            "qwen3", Llama::parse));

    private Backbones() {}

    /** The values of {@code model_type} that can be loaded. */
    public static List<String> families() {
        return List.copyOf(FAMILIES.keySet());
    }

    /**
     * The backbone that a Hugging Face {@code config.json} describes; a USER error when the family or one of its settings is not supported.
     */
    public static CausalBackbone fromConfig(JsonNode config) {
        if (!config.isObject()) {
            throw SaveException.user("config.json is no JSON object");
        }
        JsonNode type = config.path("model_type");
        if (!type.isString()) {
            throw SaveException.user("config.json has no 'model_type'; it names the architecture, one of "
                    + String.join(", ", families()));
        }
        Function<JsonNode, CausalBackbone> family = FAMILIES.get(type.stringValue());
        if (family == null) {
            throw SaveException.user("config.json: 'model_type' is '" + type.stringValue() + "'. Available: "
                    + String.join(", ", families()) + "."
                    + Names.nearest(type.stringValue(), FAMILIES.keySet())
                            .map(near -> " Did you mean '" + near + "'?")
                            .orElse("")
                    + " Any other architecture can be used as an ONNX file.");
        }
        return family.apply(config);
    }

    /** New weights for a backbone. Each depends on the seed and its own name and shape only. */
    public static WeightStore initialize(Backbone backbone, long seed) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        backbone.parameters()
                .forEach((name, type) -> weights.put(name, draw(name, type, backbone.initial(name), seed)));
        return new WeightStore(weights);
    }

    static Tensor draw(String name, TensorType type, Initial initial, long seed) {
        Tensor tensor = Tensor.allocate(type.element(), type.fixedShape());
        FloatBuffer values = tensor.floats();
        // The algorithms of String.hashCode and java.util.Random are specified, so that every Java gives the same
        // weights.
        Random random = new Random(mixed(seed * 0x9E3779B97F4A7C15L + name.hashCode()));
        while (values.hasRemaining()) {
            double noise = initial.deviation() == 0 ? 0 : initial.deviation() * random.nextGaussian();
            values.put((float) (initial.mean() + noise));
        }
        return tensor;
    }

    /** The finalizer of MurmurHash3: neighbouring seeds give unrelated streams. */
    private static long mixed(long seed) {
        long mixed = (seed ^ seed >>> 33) * 0xFF51AFD7ED558CCDL;
        mixed = (mixed ^ mixed >>> 33) * 0xC4CEB9FE1A85EC53L;
        return mixed ^ mixed >>> 33;
    }

    /** A USER error that lists the weights that are missing or have another type or shape. */
    static void check(String what, Map<String, TensorType> parameters, WeightStore weights) {
        List<String> problems = new ArrayList<>();
        parameters.forEach((name, type) -> {
            if (!weights.contains(name)) {
                problems.add("'" + name + "' " + type + " is missing");
                return;
            }
            Tensor tensor = weights.get(name);
            if (tensor.type() != type.element() || !Arrays.equals(tensor.shape(), type.fixedShape())) {
                problems.add("'" + name + "' is " + tensor + ", expected " + type);
            }
        });
        if (!problems.isEmpty()) {
            int shown = Math.min(5, problems.size());
            throw SaveException.user("the weights do not fit the configuration of this " + what + ":\n  - "
                    + String.join("\n  - ", problems.subList(0, shown))
                    + (problems.size() > shown ? "\n  - and " + (problems.size() - shown) + " more" : "")
                    + "\nTake configuration and weights from the same checkpoint.");
        }
    }
}
