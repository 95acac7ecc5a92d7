package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.models.LlamaConfig;
import java.util.List;

/**
 * A Llama of random weights to measure with.
 *
 * @param name about how many parameters it has
 */
public record ModelSize(String name, LlamaConfig config) {
    /**
     * 0.26M and 15M have the shapes of stories260K and stories15M; 14M and 60M have those that are usual in comparisons with other programs on small machines; 120M has that
     * of GPT-2 small with the vocabulary of SmolLM.
     */
    public static final List<ModelSize> ALL = List.of(
            of("0.26M", 512, 64, 5, 8, 4, 172, true),
            of("2M", 1024, 192, 4, 6, 6, 512, true),
            of("14M", 4096, 384, 6, 6, 6, 1024, false),
            of("15M", 32_000, 288, 6, 6, 6, 768, true),
            of("60M", 8192, 768, 8, 12, 12, 2048, true),
            of("120M", 49_152, 768, 12, 12, 12, 2048, true));

    private static ModelSize of(
            String name,
            int vocabulary,
            int hidden,
            int layers,
            int heads,
            int keyValueHeads,
            int feedForward,
            boolean tied) {
        return new ModelSize(
                name,
                new LlamaConfig(
                        "llama",
                        vocabulary,
                        hidden,
                        feedForward,
                        layers,
                        heads,
                        keyValueHeads,
                        hidden / heads,
                        4096,
                        1e-5,
                        10_000,
                        tied,
                        false,
                        false,
                        false,
                        false,
                        0.02));
    }

    /** The size of a name; a USER error says which there are. */
    public static ModelSize named(String name) {
        return ALL.stream()
                .filter(size -> size.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> SaveException.user("there is no model size '" + name + "'. Available: "
                        + String.join(", ", ALL.stream().map(ModelSize::name).toList()) + "."));
    }

    /** Weights of matrix products, the output head among them and the embedding's look-up not. */
    public long productWeights() {
        return trunkWeights() + (long) config.hiddenSize() * config.vocabularySize();
    }

    /** Weights of matrix products without the output head, as in a reward model. */
    public long trunkWeights() {
        long hidden = config.hiddenSize();
        long attention = 2 * hidden * config.heads() * config.headSize()
                + 2 * hidden * config.keyValueHeads() * config.headSize();
        return config.layers() * (attention + 3 * hidden * config.intermediateSize());
    }

    /**
     * Floating-point operations of a step of training: 6 for each weight of a product and token, and 12 for each pair of positions and hidden unit of a
     * layer, masked pairs among them.
     */
    public double trainingFlop(BatchShape shape) {
        return 6.0 * productWeights() * shape.tokens() + 3 * attentionFlop(shape);
    }

    /** Those of scoring sequences with a reward model: a third of training, without the output head. */
    public double scoringFlop(BatchShape shape) {
        return 2.0 * trunkWeights() * shape.tokens() + attentionFlop(shape);
    }

    private double attentionFlop(BatchShape shape) {
        double pairs = (double) shape.batch() * shape.length() * shape.length();
        return 4 * pairs * config.heads() * config.headSize() * config.layers();
    }
}
