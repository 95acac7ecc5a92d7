package dev.save4j.models;

import dev.save4j.tensor.WeightStore;
import java.util.Arrays;

/** A plain forward pass of one sequence in double precision, written from the definition rather than from the graph. */
final class LlamaReference {
    private final LlamaConfig config;
    private final WeightStore weights;

    LlamaReference(LlamaConfig config, WeightStore weights) {
        this.config = config;
        this.weights = weights;
    }

    /** Hidden states after the final norm, {@code [sequence][hidden]}. */
    double[][] hidden(long... ids) {
        double[][] stream = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            stream[t] = row(Llama.EMBEDDING, (int) ids[t], config.hiddenSize());
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = "model.layers." + layer + ".";
            addAll(stream, attention(at + "self_attn.", norm(stream, at + "input_layernorm.weight")));
            addAll(stream, feedForward(at + "mlp.", norm(stream, at + "post_attention_layernorm.weight")));
        }
        return norm(stream, "model.norm.weight");
    }

    double[] logits(double[] hidden) {
        return multiply(hidden, config.tied() ? Llama.EMBEDDING : Llama.HEAD);
    }

    private double[][] feedForward(String at, double[][] inputs) {
        double[][] results = new double[inputs.length][];
        for (int t = 0; t < inputs.length; t++) {
            double[] gate = project(inputs[t], at + "gate_proj");
            double[] up = project(inputs[t], at + "up_proj");
            for (int i = 0; i < gate.length; i++) {
                up[i] *= gate[i] / (1 + Math.exp(-gate[i]));
            }
            results[t] = project(up, at + "down_proj");
        }
        return results;
    }

    private double[][] attention(String at, double[][] inputs) {
        int size = config.headSize();
        double[][] queries = new double[inputs.length][];
        double[][] keys = new double[inputs.length][];
        double[][] values = new double[inputs.length][];
        double[][] results = new double[inputs.length][];
        for (int t = 0; t < inputs.length; t++) {
            queries[t] = rotated(normalisedHeads(project(inputs[t], at + "q_proj"), at + "q_norm.weight"), t);
            keys[t] = rotated(normalisedHeads(project(inputs[t], at + "k_proj"), at + "k_norm.weight"), t);
            values[t] = project(inputs[t], at + "v_proj");
            double[] mixed = new double[config.heads() * size];
            for (int head = 0; head < config.heads(); head++) {
                int shared = head / config.group() * size;
                double[] scores = new double[t + 1];
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        scores[s] += queries[t][head * size + i] * keys[s][shared + i] / Math.sqrt(size);
                    }
                }
                double peak = Arrays.stream(scores).max().orElseThrow();
                double total = Arrays.stream(scores)
                        .map(score -> Math.exp(score - peak))
                        .sum();
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        mixed[head * size + i] += Math.exp(scores[s] - peak) / total * values[s][shared + i];
                    }
                }
            }
            results[t] = project(mixed, at + "o_proj");
        }
        return results;
    }

    private double[] normalisedHeads(double[] heads, String name) {
        if (!config.queryKeyNorm()) {
            return heads;
        }
        double[] results = new double[heads.length];
        for (int at = 0; at < heads.length; at += config.headSize()) {
            double[][] head = {Arrays.copyOfRange(heads, at, at + config.headSize())};
            System.arraycopy(norm(head, name)[0], 0, results, at, config.headSize());
        }
        return results;
    }

    private double[] rotated(double[] heads, int position) {
        int half = config.headSize() / 2;
        double[] results = new double[heads.length];
        for (int at = 0; at < heads.length; at += config.headSize()) {
            for (int i = 0; i < half; i++) {
                double angle = position * Math.pow(config.rotaryBase(), -2.0 * i / config.headSize());
                double first = heads[at + i];
                double second = heads[at + half + i];
                results[at + i] = first * Math.cos(angle) - second * Math.sin(angle);
                results[at + half + i] = second * Math.cos(angle) + first * Math.sin(angle);
            }
        }
        return results;
    }

    private double[][] norm(double[][] rows, String name) {
        float[] scale = weights.get(name).toFloats();
        double[][] results = new double[rows.length][];
        for (int t = 0; t < rows.length; t++) {
            double square = Arrays.stream(rows[t]).map(x -> x * x).sum() / rows[t].length;
            results[t] = rows[t].clone();
            for (int i = 0; i < scale.length; i++) {
                results[t][i] *= scale[i] / Math.sqrt(square + config.normEpsilon());
            }
        }
        return results;
    }

    private double[] project(double[] input, String name) {
        double[] result = multiply(input, name + ".weight");
        if (weights.contains(name + ".bias")) {
            float[] bias = weights.get(name + ".bias").toFloats();
            for (int i = 0; i < bias.length; i++) {
                result[i] += bias[i];
            }
        }
        return result;
    }

    private double[] multiply(double[] input, String name) {
        float[] matrix = weights.get(name).toFloats();
        double[] result = new double[matrix.length / input.length];
        for (int out = 0; out < result.length; out++) {
            for (int in = 0; in < input.length; in++) {
                result[out] += matrix[out * input.length + in] * input[in];
            }
        }
        return result;
    }

    private double[] row(String name, int row, int width) {
        float[] all = weights.get(name).toFloats();
        double[] result = new double[width];
        for (int i = 0; i < width; i++) {
            result[i] = all[row * width + i];
        }
        return result;
    }

    private static void addAll(double[][] into, double[][] what) {
        for (int t = 0; t < into.length; t++) {
            for (int i = 0; i < into[t].length; i++) {
                into[t][i] += what[t][i];
            }
        }
    }
}
