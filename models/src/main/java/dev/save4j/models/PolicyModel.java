package dev.save4j.models;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;

/** A causal backbone as a policy: it makes the graphs that sample from it and that score what was sampled. Immutable but for the weights. */
public final class PolicyModel {
    private final CausalBackbone backbone;
    private final WeightStore weights;

    /**
     * @param weights those of the backbone
     * @throws SaveException USER when the weights do not fit the backbone
     */
    public PolicyModel(CausalBackbone backbone, WeightStore weights) {
        Backbones.check(backbone.family(), backbone.parameters(), weights);
        this.backbone = backbone;
        this.weights = weights;
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
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw SaveException.user("log-probabilities need a positive, finite temperature, not " + temperature);
        }
        GraphBuilder graph = new GraphBuilder(backbone.family() + "-log-prob");
        Value ids = graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = graph.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value logits = backbone.logits(graph, backbone.hidden(graph, ids, mask).slice(1, 0, -1));
        Value logProbs = (temperature == 1 ? logits : logits.mul(1 / temperature)).logSoftmax(-1);
        Value targets = ids.slice(1, 1, Long.MAX_VALUE).unsqueeze(2);
        graph.output("log_prob", logProbs.gatherElements(targets, 2).squeeze(2));
        if (entropy) {
            graph.output("entropy", logProbs.exp().mul(logProbs).sum(-1, false).neg());
        }
        return graph.build();
    }
}
