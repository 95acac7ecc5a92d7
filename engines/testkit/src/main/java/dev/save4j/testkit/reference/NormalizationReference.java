package dev.save4j.testkit.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Layer, root-mean-square, group, instance and batch normalisation. */
final class NormalizationReference {
    private NormalizationReference() {}

    static List<ReferenceOperator> operators() {
        String[] layer = {"axis", "epsilon", "stash_type"};
        return List.of(
                ReferenceOperator.several("LayerNormalization", NormalizationReference::layer, layer),
                ReferenceOperator.several("RMSNormalization", NormalizationReference::rootMeanSquare, layer),
                ReferenceOperator.several(
                        "SimplifiedLayerNormalization", NormalizationReference::rootMeanSquare, layer),
                ReferenceOperator.microsoft("SkipSimplifiedLayerNormalization", in -> skip(in, false), "epsilon"),
                ReferenceOperator.microsoft("SkipLayerNormalization", in -> skip(in, true), "epsilon"),
                ReferenceOperator.microsoft("EmbedLayerNormalization", NormalizationReference::embed, "epsilon"),
                ReferenceOperator.of(
                        "GroupNormalization", NormalizationReference::group, "epsilon", "num_groups", "stash_type"),
                ReferenceOperator.of("InstanceNormalization", NormalizationReference::instance, "epsilon"),
                ReferenceOperator.several(
                        "BatchNormalization", NormalizationReference::batch, "epsilon", "momentum", "training_mode"),
                ReferenceOperator.of("MeanVarianceNormalization", NormalizationReference::meanVariance, "axes"),
                ReferenceOperator.of("LRN", NormalizationReference::local, "alpha", "beta", "bias", "size"));
    }

    /** Result, mean and inverse deviation. */
    private record Normalized(Numbers result, Numbers mean, Numbers inverse) {}

    private static Normalized normalize(Numbers x, int[] axes, double epsilon, boolean centered) {
        Numbers mean = ReductionReference.reduce(
                x, axes, true, group -> Arrays.stream(group).average().orElse(0));
        Numbers moved = centered ? x.with(mean, (a, b) -> a - b) : x;
        Numbers inverse = ReductionReference.reduce(
                moved,
                axes,
                true,
                group -> 1
                        / Math.sqrt(
                                Arrays.stream(group).map(v -> v * v).average().orElse(0) + epsilon));
        return new Normalized(moved.with(inverse, (a, b) -> a * b), mean, inverse);
    }

    private static int[] from(int axis, int rank) {
        return IntStream.range(axis, rank).toArray();
    }

    private static double epsilon(Operands in, float orElse) {
        return in.node().real("epsilon", orElse);
    }

    private static List<Numbers> layer(Operands in) {
        Numbers x = in.get(0);
        Normalized normalized = normalize(x, from(in.axis(-1), x.rank()), epsilon(in, 1e-5f), true);
        Numbers scaled = normalized.result().with(in.get(1), (a, b) -> a * b);
        return List.of(
                in.has(2) ? scaled.with(in.get(2), Double::sum) : scaled, normalized.mean(), normalized.inverse());
    }

    private static List<Numbers> rootMeanSquare(Operands in) {
        Numbers x = in.get(0);
        Normalized normalized = normalize(x, from(in.axis(-1), x.rank()), epsilon(in, 1e-5f), false);
        return List.of(normalized.result().with(in.get(1), (a, b) -> a * b), normalized.inverse());
    }

    /** Operands: input, skip, gamma, then beta when centered, then bias. Results: output, mean, inverse deviation, sum. */
    private static List<Numbers> skip(Operands in, boolean centered) {
        int bias = centered ? 4 : 3;
        Numbers sum = in.get(0).with(in.get(1), Double::sum);
        sum = in.has(bias) ? sum.with(in.get(bias), Double::sum) : sum;
        Normalized normalized = normalize(sum, new int[] {sum.rank() - 1}, epsilon(in, 1e-12f), centered);
        Numbers result = normalized.result().with(in.get(2), (a, b) -> a * b);
        result = centered && in.has(3) ? result.with(in.get(3), Double::sum) : result;
        return List.of(result, normalized.mean(), normalized.inverse(), sum);
    }

    /** Word, position and segment embeddings summed and normalised, and the number of tokens in each row. */
    private static List<Numbers> embed(Operands in) {
        Numbers ids = in.get(0);
        int length = ids.shape()[1];
        int width = in.get(2).shape()[1];
        double[] sum = new double[ids.size() * width];
        for (int i = 0; i < sum.length; i++) {
            int token = i / width;
            int position = in.has(8) ? (int) in.longs(8)[token % in.get(8).size()] : token % length;
            sum[i] = in.get(2).at((int) ids.values()[token], i % width)
                    + in.get(3).at(position, i % width);
            if (in.has(1) && in.has(4)) {
                sum[i] += in.get(4).at((int) in.get(1).values()[token], i % width);
            }
        }
        Numbers embedding = new Numbers(in.get(2).type(), new int[] {ids.shape()[0], length, width}, sum);
        Numbers result = normalize(embedding, new int[] {2}, epsilon(in, 1e-12f), true)
                .result()
                .with(in.get(5), (a, b) -> a * b)
                .with(in.get(6), Double::sum);
        Numbers counts = in.has(7)
                ? ReductionReference.reduce(
                        in.get(7),
                        new int[] {1},
                        false,
                        group -> Arrays.stream(group).sum())
                : new Numbers(ids.type(), new int[] {ids.shape()[0]}, new double[ids.shape()[0]]);
        return List.of(result, counts, embedding);
    }

    /** Scale and bias {@code [channels]} beside data {@code [batch, channels, …]}. */
    private static Numbers perChannel(Numbers x, Numbers channel) {
        int[] shape = new int[x.rank()];
        Arrays.fill(shape, 1);
        shape[1] = channel.size();
        return channel.withShape(shape);
    }

    private static Numbers group(Operands in) {
        Numbers x = in.get(0);
        int groups = in.integer("num_groups", 1);
        Numbers rows = x.withShape(x.shape()[0], groups, x.size() / (x.shape()[0] * groups));
        return normalize(rows, new int[] {2}, epsilon(in, 1e-5f), true)
                .result()
                .withShape(x.shape())
                .with(perChannel(x, in.get(1)), (a, b) -> a * b)
                .with(perChannel(x, in.get(2)), Double::sum);
    }

    private static Numbers instance(Operands in) {
        Numbers x = in.get(0);
        return normalize(x, from(2, x.rank()), epsilon(in, 1e-5f), true)
                .result()
                .with(perChannel(x, in.get(1)), (a, b) -> a * b)
                .with(perChannel(x, in.get(2)), Double::sum);
    }

    private static List<Numbers> batch(Operands in) {
        Numbers x = in.get(0);
        if (!in.flag("training_mode", false)) {
            return List.of(batch(in, in.get(3), in.get(4)));
        }
        int[] axes = IntStream.range(0, x.rank()).filter(axis -> axis != 1).toArray();
        Numbers mean = ReductionReference.reduce(
                x, axes, false, group -> Arrays.stream(group).average().orElse(0));
        Numbers variance = ReductionReference.reduce(x, axes, false, group -> {
            double center = Arrays.stream(group).average().orElse(0);
            return Arrays.stream(group)
                    .map(v -> (v - center) * (v - center))
                    .average()
                    .orElse(0);
        });
        double momentum = in.node().real("momentum", 0.9f);
        return List.of(
                batch(in, mean, variance),
                in.get(3).with(mean, (old, now) -> momentum * old + (1 - momentum) * now),
                in.get(4).with(variance, (old, now) -> momentum * old + (1 - momentum) * now));
    }

    private static Numbers batch(Operands in, Numbers mean, Numbers variance) {
        Numbers x = in.get(0);
        double epsilon = epsilon(in, 1e-5f);
        Numbers inverse = perChannel(x, variance).map(v -> 1 / Math.sqrt(v + epsilon));
        return x.with(perChannel(x, mean), (a, center) -> a - center)
                .with(inverse, (a, b) -> a * b)
                .with(perChannel(x, in.get(1)), (a, b) -> a * b)
                .with(perChannel(x, in.get(2)), Double::sum);
    }

    private static Numbers meanVariance(Operands in) {
        return normalize(in.get(0), in.integers("axes", 0, 2, 3), 1e-9, true).result();
    }

    private static Numbers local(Operands in) {
        Numbers x = in.get(0);
        int size = in.integer("size", 1);
        double alpha = in.node().real("alpha", 1e-4f);
        double beta = in.node().real("beta", 0.75f);
        double bias = in.node().real("bias", 1);
        List<Double> values = new ArrayList<>();
        int[] index = new int[x.rank()];
        for (int i = 0; i < x.size(); i++) {
            double squares = 0;
            int first = Math.max(0, index[1] - (size - 1) / 2);
            int last = Math.min(x.shape()[1] - 1, index[1] + size / 2);
            for (int channel = first; channel <= last; channel++) {
                int[] at = index.clone();
                at[1] = channel;
                squares += x.at(at) * x.at(at);
            }
            values.add(x.values()[i] / Math.pow(bias + alpha / size * squares, beta));
            Numbers.next(index, x.shape());
        }
        return new Numbers(
                x.type(), x.shape(), values.stream().mapToDouble(value -> value).toArray());
    }
}
