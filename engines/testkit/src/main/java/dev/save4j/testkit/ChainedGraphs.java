package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.testkit.reference.Numbers;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Small graphs of the kind that are trained: what a backbone, a head and an objective are made of. Every gradient engine must differentiate them. */
final class ChainedGraphs {
    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X128MixRandom").create(77);

    private ChainedGraphs() {}

    static List<GradientCase> all() {
        ChainedGraphs graphs = new ChainedGraphs();
        return List.of(
                graphs.classifier(),
                graphs.rootMeanSquare(),
                graphs.attention(),
                graphs.tiedEmbedding(),
                graphs.clippedSurrogate(),
                graphs.pairs(),
                graphs.shapes(),
                graphs.repeatedUse());
    }

    private GradientCase done(GraphBuilder g, Value loss, Map<String, Numbers> inputs) {
        g.output(Losses.NAME, loss);
        Graph graph = g.build();
        Map<String, Numbers> weights = new LinkedHashMap<>();
        graph.parameters().forEach((name, type) -> {
            int[] shape = new int[type.rank()];
            for (int axis = 0; axis < shape.length; axis++) {
                shape[axis] = (int) type.dimension(axis).size();
            }
            weights.put(name, numbers(shape));
        });
        return new GradientCase(graph.name(), graph, weights, inputs);
    }

    private Numbers numbers(int... shape) {
        int size = 1;
        for (int dimension : shape) {
            size *= dimension;
        }
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (0.8 * random.nextGaussian());
        }
        return Numbers.of(values, shape);
    }

    private static Numbers ids(int[] shape, long... values) {
        return Numbers.of(values, shape);
    }

    /** Two layers and the cross-entropy of the right class. */
    private GradientCase classifier() {
        GraphBuilder g = new GraphBuilder("chained classifier");
        Value x = g.input("x", ElementType.FLOAT, "batch", 5);
        Value label = g.input("label", ElementType.INT64, "batch", 1);
        Value hidden = x.linear(g.parameter("first.weight", 4, 5))
                .add(g.parameter("first.bias", 4))
                .tanh();
        Value logits = hidden.linear(g.parameter("second.weight", 3, 4)).add(g.parameter("second.bias", 3));
        Value loss = logits.logSoftmax(-1).gatherElements(label, 1).neg().mean();
        return done(g, loss, Map.of("x", numbers(4, 5), "label", ids(new int[] {4, 1}, 2, 0, 1, 2)));
    }

    /** Normalisation written out, and a gated layer. */
    private GradientCase rootMeanSquare() {
        GraphBuilder g = new GraphBuilder("chained gated layer");
        Value x = g.input("x", ElementType.FLOAT, "batch", "sequence", 4);
        Value scale = x.square().mean(-1, true).add(1e-5).sqrt().reciprocal();
        Value normal = x.mul(g.parameter("in", 4)).mul(scale).mul(g.parameter("norm", 4));
        Value gated = normal.linear(g.parameter("gate", 3, 4)).silu().mul(normal.linear(g.parameter("up", 3, 4)));
        Value loss = gated.linear(g.parameter("down", 4, 3))
                .add(x)
                .square()
                .sum(-1, false)
                .mean();
        return done(g, loss, Map.of("x", numbers(2, 3, 4)));
    }

    /** Causal attention with rotary positions, two query heads for one key head, and padding. */
    private GradientCase attention() {
        GraphBuilder g = new GraphBuilder("chained attention");
        Value x = g.input("x", ElementType.FLOAT, 2, 3, 4);
        Value mask = g.input("attention_mask", ElementType.INT64, 2, 3);
        Value query =
                rotated(g, x.linear(g.parameter("q", 8, 4)).reshape(0, 0, 2, 4).transpose(0, 2, 1, 3));
        Value key =
                rotated(g, x.linear(g.parameter("k", 4, 4)).reshape(0, 0, 1, 4).transpose(0, 2, 1, 3));
        Value value = x.linear(g.parameter("v", 4, 4)).reshape(0, 0, 1, 4).transpose(0, 2, 1, 3);
        Value keys = key.expand(g.vector(2, 2, 3, 4));
        Value values = value.expand(g.vector(2, 2, 3, 4));
        Value scores = query.matmul(keys.transpose(0, 1, 3, 2)).mul(0.5);
        Value causal = g.constant(
                "causal",
                Tensor.of(new boolean[] {true, false, false, true, true, false, true, true, true}, 1, 1, 3, 3));
        Value visible = causal.and(mask.cast(ElementType.BOOL).unsqueeze(1, 2));
        Value weights = visible.choose(scores, g.scalar(-1e9)).softmax(-1);
        Value mixed = weights.matmul(values).transpose(0, 2, 1, 3).reshape(0, 0, -1);
        Value out = mixed.linear(g.parameter("o", 4, 8)).add(x);
        Value kept = out.mul(mask.cast(ElementType.FLOAT).unsqueeze(-1));
        return done(
                g,
                kept.square().sum().div(5.0),
                Map.of("x", numbers(2, 3, 4), "attention_mask", ids(new int[] {2, 3}, 1, 1, 1, 1, 1, 0)));
    }

    private Value rotated(GraphBuilder g, Value x) {
        Value cos = g.constant("cos", numbers(1, 1, 3, 4).toTensor());
        Value sin = g.constant("sin", numbers(1, 1, 3, 4).toTensor());
        Value turned = g.concat(-1, x.slice(-1, 2, 4).neg(), x.slice(-1, 0, 2));
        return x.mul(cos).add(turned.mul(sin));
    }

    /** One weight as embedding and as output layer: its two gradients are summed. */
    private GradientCase tiedEmbedding() {
        GraphBuilder g = new GraphBuilder("chained tied embedding");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = g.input("mask", ElementType.FLOAT, "batch", "sequence");
        Value table = g.parameter("embedding", 7, 4);
        Value hidden = table.gather(ids, 0);
        hidden = g.op(
                "LayerNormalization",
                List.of(hidden, g.parameter("norm.weight", 4), g.parameter("norm.bias", 4)),
                Map.of("axis", Attribute.of(-1L), "epsilon", Attribute.of(1e-5f)));
        Value logProbs = hidden.linear(table).logSoftmax(-1);
        Value chosen = logProbs.gatherElements(ids.unsqueeze(-1), 2).squeeze(-1);
        Value loss = chosen.mul(mask).sum().neg().div(mask.sum());
        return done(
                g,
                loss,
                Map.of(
                        "input_ids", ids(new int[] {2, 3}, 1, 5, 5, 0, 6, 2),
                        "mask", Numbers.of(new double[] {0, 1, 1, 0, 1, 0}, 2, 3)));
    }

    /** The clipped surrogate with a penalty on the divergence from a reference. */
    private GradientCase clippedSurrogate() {
        GraphBuilder g = new GraphBuilder("chained clipped surrogate");
        Value x = g.input("x", ElementType.FLOAT, "batch", 4);
        Value old = g.input("old", ElementType.FLOAT, "batch");
        Value advantage = g.input("advantage", ElementType.FLOAT, "batch");
        Value logProb = x.linear(g.parameter("policy", 1, 4)).squeeze(-1).logSigmoid();
        Value ratio = logProb.sub(old).exp();
        Value surrogate = ratio.mul(advantage).min(ratio.clip(0.8, 1.2).mul(advantage));
        Value log = old.sub(logProb);
        Value divergence = log.exp().sub(log).sub(1);
        Value loss = surrogate.sub(divergence.mul(0.1)).mean().neg();
        return done(
                g,
                loss,
                Map.of(
                        "x", numbers(5, 4),
                        "old", Numbers.of(new double[] {-0.3, -1.1, -0.7, -0.2, -2.1}, 5),
                        "advantage", Numbers.of(new double[] {1, -1, 0.5, -0.5, 2}, 5)));
    }

    /** Chosen against rejected, each read at its last token. */
    private GradientCase pairs() {
        GraphBuilder g = new GraphBuilder("chained pairs");
        Value states = g.input("states", ElementType.FLOAT, "batch", "sequence", 4);
        Value last = g.input("last", ElementType.INT64, "batch", 1);
        Value score = g.parameter("score.weight", 1, 4);
        Value rewards = states.mul(g.parameter("gain", 4))
                .atPosition(last)
                .linear(score)
                .reshape(-1, 2);
        Value chosen = rewards.slice(1, 0, 1);
        Value rejected = rewards.slice(1, 1, 2);
        Value loss = rejected.sub(chosen).softplus().mean();
        return done(g, loss, Map.of("states", numbers(4, 3, 4), "last", ids(new int[] {4, 1}, 2, 1, 0, 2)));
    }

    /** Shapes computed in the graph. */
    private GradientCase shapes() {
        GraphBuilder g = new GraphBuilder("chained shape arithmetic");
        Value x = g.input("x", ElementType.FLOAT, "batch", "sequence", 4);
        Value length = x.size(1);
        Value half = length.add(g.scalar(1L)).div(g.scalar(2L));
        Value tail = x.mul(g.parameter("w", 4)).slice(1, half, length);
        Value flat = tail.reshape(g.concat(0, x.size(0), g.vector(-1)));
        Value bias = g.parameter("b", 1, 1).expand(flat.shape());
        Value positions = g.op("Range", g.scalar(0L), flat.size(1).squeeze(0), g.scalar(1L))
                .cast(ElementType.FLOAT)
                .mul(0.1);
        Value loss = flat.add(bias).add(positions).square().mean();
        return done(g, loss, Map.of("x", numbers(2, 5, 4)));
    }

    /** One weight used three times, at different ranks. */
    private GradientCase repeatedUse() {
        GraphBuilder g = new GraphBuilder("chained repeated use");
        Value w = g.parameter("w", 3, 3);
        Value product = w.matmul(w.transpose(1, 0));
        Value loss = product.mul(w).sum(0, false).exp().sum().log();
        return done(g, loss, Map.of());
    }
}
