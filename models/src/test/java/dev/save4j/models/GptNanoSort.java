package dev.save4j.models;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** A trained minGPT that sorts six digits, stored as JSON with base64 tensors. */
final class GptNanoSort {
    private GptNanoSort() {}

    static Gpt2Config config(JsonNode file, Gpt2Config.LinearOrder order) {
        JsonNode config = file.path("config");
        int hidden = config.path("n_embd").intValue();
        return new Gpt2Config(
                config.path("vocab_size").intValue(),
                hidden,
                4 * hidden,
                config.path("n_layer").intValue(),
                config.path("n_head").intValue(),
                config.path("block_size").intValue(),
                1e-5,
                Gpt2Config.Activation.GELU_TANH,
                false,
                order,
                0.02);
    }

    /** The parameters of the model, their linear weights in the order that it wants. */
    static WeightStore weights(JsonNode file, Gpt2 model) {
        boolean swapped = model.settings().linearOrder() == Gpt2Config.LinearOrder.IN_OUT;
        Map<String, Tensor> weights = new LinkedHashMap<>();
        model.parameters().forEach((name, type) -> {
            JsonNode stored = file.path(name);
            Tensor tensor = Tensor.allocate(ElementType.FLOAT, SharedData.longs(stored.path("shape")));
            tensor.bytes().put(Base64.getDecoder().decode(stored.path("data").stringValue()));
            weights.put(name, swapped && name.matches(".*(c_attn|c_proj|c_fc)\\.weight") ? transposed(tensor) : tensor);
        });
        return new WeightStore(weights);
    }

    private static Tensor transposed(Tensor matrix) {
        int rows = (int) matrix.dimension(0);
        int columns = (int) matrix.dimension(1);
        float[] from = matrix.toFloats();
        float[] to = new float[from.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                to[column * rows + row] = from[row * columns + column];
            }
        }
        return Tensor.of(to, columns, rows);
    }
}
