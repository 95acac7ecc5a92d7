package dev.save4j.models;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * A backbone with a reward head and, where values are asked for, a value head. It makes graphs; engines run and train them. The graphs may be
 * included in those of objectives. Immutable but for the weights.
 *
 * <p>Inputs of all graphs: {@code input_ids} and {@code attention_mask}, INT64 {@code [batch, sequence]}, padded on the right.
 */
public final class RewardModel {
    private final Backbone backbone;
    private final Pooling pooling;
    private final WeightStore weights;
    private final int longest;

    /**
     * @param weights those of the backbone and its heads; see {@link Head#create} for new ones
     * @throws SaveException USER when the weights do not fit the backbone or the reward head is missing
     */
    public RewardModel(Backbone backbone, Pooling pooling, WeightStore weights) {
        this(backbone, pooling, weights, Attention.PART);
        Backbones.check(backbone.family(), backbone.trunkParameters(), weights);
        Head.REWARD.check(weights, backbone.hiddenSize());
    }

    private RewardModel(Backbone backbone, Pooling pooling, WeightStore weights, int longest) {
        this.backbone = backbone;
        this.pooling = pooling;
        this.weights = weights;
        this.longest = longest;
    }

    /**
     * The same model, whose graphs are made for sequences of up to so many tokens: those of more than 512 compute attention in parts, so that memory
     * grows in proportion to the length.
     */
    public RewardModel forSequences(int tokens) {
        return new RewardModel(backbone, pooling, weights, Math.min(tokens, backbone.maxLength()));
    }

    /** Loads a model whose heads are all in its folder, with the pooling that its {@code config.json} names. */
    public static RewardModel load(ModelFolder folder) {
        return load(folder, Optional.empty(), Set.of(), 0);
    }

    /**
     * Loads a model from a checkpoint, or from an ONNX file where there is no checkpoint.
     *
     * @param pooling instead of {@code pooling} in {@code config.json}, which causal models need not have: theirs is LAST_TOKEN
     * @param newHeads heads to create where the folder has none; any other missing head is an error when it is used
     * @param seed of the new heads
     * @throws SaveException USER when the folder does not hold such a model, or its reward head is missing and not to be created
     */
    public static RewardModel load(ModelFolder folder, Optional<Pooling> pooling, Set<Head> newHeads, long seed) {
        return SavedModels.loadReward(folder, pooling, newHeads, seed);
    }

    /**
     * Saves the model as a new folder: a checkpoint that Transformers opens as {@code …ForSequenceClassification} with one label, or an ONNX file
     * with the outputs {@code reward} and {@code value} where the backbone came as one.
     *
     * @param tokenizer writes the files of the tokenizer
     * @throws SaveException USER when the folder exists and is not empty
     */
    public ModelFolder save(Path folder, AtomicFiles.FolderContent tokenizer) {
        return SavedModels.save(this, folder, tokenizer);
    }

    public Backbone backbone() {
        return backbone;
    }

    public Pooling pooling() {
        return pooling;
    }

    public WeightStore weights() {
        return weights;
    }

    public boolean hasValueHead() {
        return Head.VALUE.isIn(weights);
    }

    /** Prompts with their answers to {@code reward} FLOAT {@code [batch]}. */
    public Graph rewardGraph() {
        return headGraph("reward", Head.REWARD);
    }

    /**
     * Prompts alone to {@code value} FLOAT {@code [batch]}.
     *
     * @throws SaveException USER when there is no value head
     */
    public Graph valueGraph() {
        Head.VALUE.check(weights, backbone.hiddenSize());
        return headGraph("value", Head.VALUE);
    }

    /**
     * Prompts with their answers to {@code reward} and {@code value}, both FLOAT {@code [batch]}, in one pass. The additional input {@code
     * prompt_length} INT64 {@code [batch, 1]} counts the tokens of the prompt. As the backbone is causal, the value depends on the prompt alone.
     *
     * @throws SaveException USER when the backbone is not causal or there is no value head
     */
    public Graph gradeGraph() {
        if (!backbone.causal()) {
            throw SaveException.user("reward and value of the bidirectional '" + backbone.family()
                    + "' need a pass each, because its hidden states of the prompt depend on the answer:"
                    + " use the reward graph, and the value graph over the prompts alone");
        }
        Head.VALUE.check(weights, backbone.hiddenSize());
        GraphBuilder graph = new GraphBuilder(backbone.family() + "-grade");
        Value mask = mask(graph);
        Value hidden = backbone.hidden(graph, ids(graph), mask, longest);
        Value promptLength = graph.input("prompt_length", ElementType.INT64, "batch", 1);
        Value promptMask =
                Attention.positions(graph, mask).lessThan(promptLength).cast(ElementType.INT64);
        int size = backbone.hiddenSize();
        graph.output("reward", Head.REWARD.apply(graph, pooling.pool(graph, hidden, mask), size));
        graph.output("value", Head.VALUE.apply(graph, pooling.pool(graph, hidden, promptMask), size));
        return graph.build();
    }

    /**
     * Prompts with several answers each to {@code reward} and, with a value head, {@code value}, both FLOAT {@code [batch]}, of which each prompt is computed
     * once. Inputs: those of {@link SharedPrompts}, and {@code last_token} and {@code last_of_prompt} INT64 {@code [batch]}, the places of these tokens of
     * each answer's sequence.
     *
     * @return nothing for a backbone that cannot share a prompt, and for pooling other than of the last token
     */
    public Optional<Graph> groupGraph() {
        if (!(backbone instanceof SharingBackbone sharing) || pooling != Pooling.LAST_TOKEN) {
            return Optional.empty();
        }
        GraphBuilder graph = new GraphBuilder(backbone.family() + "-groups");
        int size = backbone.hiddenSize();
        Value hidden =
                sharing.hidden(graph, SharedPrompts.inputs(graph), longest).squeeze(0);
        Value last = hidden.gather(graph.input("last_token", ElementType.INT64, "batch"), 0);
        graph.output("reward", Head.REWARD.apply(graph, last, size));
        if (hasValueHead()) {
            Value prompt = hidden.gather(graph.input("last_of_prompt", ElementType.INT64, "batch"), 0);
            graph.output("value", Head.VALUE.apply(graph, prompt, size));
        }
        return Optional.of(graph.build());
    }

    private Graph headGraph(String output, Head head) {
        GraphBuilder graph = new GraphBuilder(backbone.family() + '-' + output);
        Value ids = ids(graph);
        Value mask = mask(graph);
        Value pooled = pooling.pool(graph, backbone.hidden(graph, ids, mask, longest), mask);
        graph.output(output, head.apply(graph, pooled, backbone.hiddenSize()));
        return graph.build();
    }

    private static Value ids(GraphBuilder graph) {
        return graph.inputOnce("input_ids", ElementType.INT64, "batch", "sequence");
    }

    private static Value mask(GraphBuilder graph) {
        return graph.inputOnce("attention_mask", ElementType.INT64, "batch", "sequence");
    }
}
