package dev.save4j.models;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.Sampling;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** A causal backbone as a policy: it makes the graphs that sample from it and that score what was sampled. Immutable but for the weights. */
public final class PolicyModel {
    private final CausalBackbone backbone;
    private final WeightStore weights;
    private final int longest;

    /**
     * @param weights those of the backbone
     * @throws SaveException USER when the weights do not fit the backbone
     */
    public PolicyModel(CausalBackbone backbone, WeightStore weights) {
        this(backbone, weights, Attention.PART);
        Backbones.check(backbone.family(), backbone.parameters(), weights);
    }

    private PolicyModel(CausalBackbone backbone, WeightStore weights, int longest) {
        this.backbone = backbone;
        this.weights = weights;
        this.longest = longest;
    }

    /**
     * The same model, whose graphs are made for sequences of up to so many tokens: those of more than 512 compute attention and log-probs in parts,
     * so that memory grows in proportion to the length.
     */
    public PolicyModel forSequences(int tokens) {
        return new PolicyModel(backbone, weights, Math.min(tokens, backbone.maxLength()));
    }

    /** Loads a checkpoint; a USER error when the folder does not hold a causal language model. */
    public static PolicyModel load(ModelFolder folder) {
        return SavedModels.loadPolicy(folder);
    }

    /**
     * Saves the model as a new folder, which Transformers opens as {@code …ForCausalLM}.
     *
     * @param tokenizer writes the files of the tokenizer
     * @throws SaveException USER when the folder exists and is not empty
     */
    public ModelFolder save(Path folder, AtomicFiles.FolderContent tokenizer) {
        return SavedModels.save(this, folder, tokenizer);
    }

    public CausalBackbone backbone() {
        return backbone;
    }

    public WeightStore weights() {
        return weights;
    }

    /** See {@link CausalBackbone#decoder}. */
    public DecoderGraph decoder(int maxLength) {
        return backbone.decoder(maxLength);
    }

    /** {@link #logProbGraph(double, boolean)} without entropies, which take time and memory of the size of the logits. */
    public Graph logProbGraph(double temperature) {
        return logProbGraph(temperature, false);
    }

    /**
     * The log-probability of every token given those before it.
     *
     * <p>Inputs: {@code input_ids} and {@code attention_mask}, INT64 {@code [batch, sequence]}, padded on the right, at least two columns. Outputs:
     * {@code log_prob} FLOAT {@code [batch, sequence − 1]}, whose column t is log p(token t + 1 | tokens 0…t) in nats over the whole vocabulary;
     * with entropies also {@code entropy} of the same shape, that of the distribution from which token t + 1 is drawn. Columns whose target is
     * padding are meaningless: the objective masks them.
     *
     * @param temperature divides the logits, as it did when the tokens were sampled
     */
    public Graph logProbGraph(double temperature, boolean entropy) {
        if (!Sampling.divides(temperature)) {
            throw SaveException.user("log-probabilities need a positive, finite temperature, at least "
                    + Sampling.LEAST_TEMPERATURE + ", not " + temperature);
        }
        GraphBuilder graph = new GraphBuilder(backbone.family() + "-log-prob");
        Value ids = graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = graph.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value hidden = backbone.hidden(graph, ids, mask, longest).slice(1, 0, -1);
        Value targets = ids.slice(1, 1, Long.MAX_VALUE).unsqueeze(2);
        Value both =
                joined(graph, hidden, targets, (states, next) -> logProbs(graph, states, next, temperature, entropy));
        List<Value> results = entropy ? both.split(2, 1, 1) : List.of(both);
        graph.output("log_prob", results.get(0).squeeze(2));
        if (entropy) {
            graph.output("entropy", results.get(1).squeeze(2));
        }
        return graph.build();
    }

    /** What is computed of all tokens, or of one part after the other. */
    private Value joined(GraphBuilder graph, Value hidden, Value targets, BinaryOperator<Value> compute) {
        int rows = new LogitParts(backbone.vocabularySize()).positions();
        if (longest <= rows) {
            return compute.apply(hidden, targets);
        }
        List<Value> parts = new ArrayList<>();
        for (int from = 0; from < longest; from += rows) {
            long start = from;
            long end = from + rows < longest ? from + rows : Long.MAX_VALUE;
            parts.add(graph.scoped(
                    "part", () -> compute.apply(hidden.slice(1, start, end), targets.slice(1, start, end))));
        }
        return graph.concat(1, parts);
    }

    /** {@code [batch, tokens, 1]}, or {@code [batch, tokens, 2]} with entropies behind the log-probs. */
    private Value logProbs(GraphBuilder graph, Value hidden, Value targets, double temperature, boolean entropy) {
        Value logits = backbone.logits(graph, hidden);
        Value logProbs = (temperature == 1 ? logits : logits.mul(1 / temperature)).logSoftmax(-1);
        Value chosen = logProbs.gatherElements(targets, 2);
        return entropy
                ? graph.concat(
                        2, chosen, logProbs.exp().mul(logProbs).sum(-1, true).neg())
                : chosen;
    }
}
