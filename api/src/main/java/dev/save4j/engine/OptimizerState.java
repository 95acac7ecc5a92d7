package dev.save4j.engine;

import dev.save4j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * AdamW's memory, the same for every engine.
 *
 * @param moments for each weight that was ever updated; both tensors are FLOAT of the weight's shape
 */
public record OptimizerState(Map<String, Moments> moments) {
    /**
     * @param steps updates this weight has seen, t in the bias correction
     * @param first m
     * @param second v
     */
    public record Moments(long steps, Tensor first, Tensor second) {}

    public OptimizerState {
        moments = Collections.unmodifiableMap(new LinkedHashMap<>(moments));
    }
}
