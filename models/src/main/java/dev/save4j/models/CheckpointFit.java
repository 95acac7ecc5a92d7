package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.graph.TensorType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Takes from a checkpoint the weights that a model wants, under the names that the model gives them. */
final class CheckpointFit {
    /** What old releases of Transformers stored although it follows from the configuration. */
    private static final Pattern DERIVED =
            Pattern.compile(".*rotary_emb\\.inv_freq|.*\\bh\\.\\d+\\.attn\\.(masked_)?bias");

    /** A checkpoint of the bare backbone leaves the first of these out of its names. */
    private static final List<String> PREFIXES = List.of("model.", "transformer.");

    private CheckpointFit() {}

    /**
     * The wanted weights, without a copy. What is missing is left to {@link Backbones#check}.
     *
     * @param optional weights of other uses of the same backbone, which are left out in silence: a language-model head under a reward head
     * @throws SaveException USER when the checkpoint has weights that belong to nothing
     */
    static WeightStore take(Map<String, TensorType> wanted, Set<String> optional, WeightStore checkpoint) {
        Map<String, Tensor> taken = new LinkedHashMap<>();
        Set<String> left = new LinkedHashSet<>(checkpoint.names());
        for (String name : wanted.keySet()) {
            String stored = stored(name, checkpoint);
            if (checkpoint.contains(stored)) {
                taken.put(name, checkpoint.get(stored));
                left.remove(stored);
            }
        }
        left.removeAll(optional);
        left.removeIf(name -> DERIVED.matcher(name).matches());
        if (!left.isEmpty()) {
            List<String> shown = left.stream().limit(5).toList();
            throw SaveException.user("the checkpoint has " + left.size()
                    + " weights that belong to no part of this model: " + String.join(", ", shown)
                    + (left.size() > shown.size() ? ", …" : "")
                    + ". It is of another architecture, or has an adapter that must be merged first");
        }
        return new WeightStore(taken);
    }

    private static String stored(String name, WeightStore checkpoint) {
        if (checkpoint.contains(name)) {
            return name;
        }
        return PREFIXES.stream()
                .filter(name::startsWith)
                .map(prefix -> name.substring(prefix.length()))
                .findFirst()
                .orElse(name);
    }
}
