package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** A linear map from a pooled vector to one number. Heads are explicit weights beside those of the backbone. */
public enum Head {
    /** The reward of an answer: {@code score.weight [1, hidden]}, as in {@code …ForSequenceClassification} of Hugging Face. */
    REWARD("score.weight", ""),
    /** The value of a prompt: {@code value.weight [1, hidden]} and {@code value.bias [1]}. */
    VALUE("value.weight", "value.bias");

    private final String weight;
    private final String bias;

    Head(String weight, String bias) {
        this.weight = weight;
        this.bias = bias;
    }

    /** Names and types of the head's weights. */
    public Map<String, TensorType> parameters(int hiddenSize) {
        Map<String, TensorType> all = new LinkedHashMap<>();
        all.put(weight, TensorType.of(ElementType.FLOAT, 1, hiddenSize));
        if (!bias.isEmpty()) {
            all.put(bias, TensorType.of(ElementType.FLOAT, 1));
        }
        return all;
    }

    public boolean isIn(WeightStore weights) {
        return weights.contains(weight) && (bias.isEmpty() || weights.contains(bias));
    }

    /**
     * A store of the same tensors and new heads: the reward head is drawn from N(0, 1 / (hidden + 1)) as in OpenRLHF, the value head is 0 with
     * {@code valueMean} as its bias, so that every prompt starts at that value.
     *
     * @param weights is not to be used afterwards, as its lock no longer guards the tensors
     * @throws SaveException USER when one of the heads is there already
     */
    public static WeightStore create(
            Set<Head> heads, WeightStore weights, int hiddenSize, long seed, double valueMean) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        weights.names().forEach(name -> all.put(name, weights.get(name)));
        // In the order of declaration, whatever the order of the set.
        for (Head head : values()) {
            if (!heads.contains(head)) {
                continue;
            }
            if (weights.contains(head.weight)) {
                throw SaveException.user("a new head '" + head.weight
                        + "' was asked for, but the checkpoint has one; use it, or load a checkpoint without heads");
            }
            head.parameters(hiddenSize).forEach((name, type) -> {
                Initial initial = head == REWARD
                        ? new Initial(0, Math.sqrt(1.0 / (hiddenSize + 1)))
                        : name.equals(head.bias) ? new Initial(valueMean, 0) : Initial.ZERO;
                all.put(name, Backbones.draw(name, type, initial, seed));
            });
        }
        return new WeightStore(all);
    }

    /** Makes a head with a bias answer the same for every input. The caller holds the store's write lease. */
    public void setConstant(WeightStore weights, float value) {
        if (bias.isEmpty()) {
            throw SaveException.internal("head '" + weight + "' has no bias");
        }
        FloatBuffer slope = weights.get(weight).floats();
        while (slope.hasRemaining()) {
            slope.put(0);
        }
        weights.get(bias).floats().put(0, value);
    }

    /** A USER error when the head is missing or has another width. */
    void check(WeightStore weights, int hiddenSize) {
        if (!isIn(weights)) {
            throw SaveException.user(
                    "reward checkpoint has no head '"
                            + (weights.contains(weight) ? bias : weight) + "' among its "
                            + weights.names().size()
                            + " weights, so its scores would be random; load a checkpoint with the head, or ask for new heads (--new-heads, or reward.new_heads in an experiment)");
        }
        Backbones.check("head", parameters(hiddenSize), weights);
    }

    /** {@code [batch, hidden]} to {@code [batch]}. */
    Value apply(GraphBuilder graph, Value pooled, int hiddenSize) {
        // A product and a sum instead of a linear map: standard operators, so that a saved ONNX file runs everywhere.
        Value result = pooled.mul(graph.parameter(weight, 1, hiddenSize)).sum(1, false);
        return bias.isEmpty() ? result : result.add(graph.parameter(bias, 1));
    }
}
