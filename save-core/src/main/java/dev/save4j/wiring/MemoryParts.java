package dev.save4j.wiring;

import dev.save4j.SaveException;
import dev.save4j.engine.Checkpointing;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.Engine;
import dev.save4j.engine.MemoryNeeds;
import dev.save4j.loop.Grader;
import dev.save4j.loop.LengthBatches;
import dev.save4j.loop.LoopEngines;
import dev.save4j.loop.TrainingData;
import dev.save4j.models.Backbone;
import dev.save4j.models.CausalBackbone;
import dev.save4j.models.LogitParts;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.wiring.MemoryEstimate.Line;
import dev.save4j.wiring.MemoryEstimate.Phase;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The parts of an experiment that take memory, by the rules by which the loop makes batches. */
final class MemoryParts {
    /** The virtual machine with its classes and a heap that is not collected before it must be. */
    private static final long JAVA = 600L << 20;

    private static final String POLICY = "policy";
    private static final String REWARD = "reward model";
    private static final String SMALLER = "Take a smaller model.";

    private final Experiment experiment;
    private final LoopEngines engines;
    private final TrainingData data;
    private final List<Line> lines = new ArrayList<>();

    MemoryParts(Experiment experiment, LoopEngines engines, TrainingData data) {
        this.experiment = experiment;
        this.engines = engines;
        this.data = data;
    }

    /** In the order of the models; a USER error when the cache of the rollouts is larger than memory in one piece can be. */
    List<Line> lines() {
        add(Phase.ALWAYS, "all", "Java and its heap", "", JAVA, SMALLER);
        Map<String, Long> libraries = new LinkedHashMap<>();
        for (Engine engine : List.of(engines.rollout(), engines.scoring(), engines.gradient())) {
            libraries.merge(engine.name(), engine.memoryNeeds().library(), Math::max);
        }
        libraries.forEach((engine, bytes) -> add(Phase.ALWAYS, "all", "native libraries", engine, bytes, SMALLER));
        RunModels models = new RunModels(experiment);
        int length;
        try (Tokenizer words = models.policyTokenizer()) {
            CausalBackbone policy = models.policyBackbone(words);
            length = (int) Math.min(
                    policy.maxLength(),
                    (long) longest(words) + experiment.rollout().maxTokens());
            policy(policy, length);
        }
        try (Tokenizer words = models.rewardTokenizer()) {
            Backbone reward = models.rewardBackbone(words);
            reward(reward, Math.min(Math.min(experiment.reward().maxLength(), reward.maxLength()), length));
        }
        return lines;
    }

    private int longest(Tokenizer words) {
        return Stream.concat(data.prompts().stream(), data.evaluationPrompts().stream())
                .mapToInt(prompt -> words.encode(prompt).length)
                .max()
                .orElse(0);
    }

    /** The most that are scored at a time. */
    private long answers() {
        Experiment.Rollout rollout = experiment.rollout();
        return Math.max((long) rollout.prompts() * rollout.group(), evaluated());
    }

    private long evaluated() {
        return (long) experiment.evaluation().prompts()
                * experiment.evaluation().completions();
    }

    private void policy(CausalBackbone backbone, int length) {
        LayerNumbers sizes = LayerNumbers.of(backbone, backbone.parameters());
        int vocabulary = backbone.vocabularySize();
        MemoryNeeds samples = engines.rollout().memoryNeeds(experiment.engines().rolloutWeights());
        MemoryNeeds trains = engines.gradient().memoryNeeds();
        String sampler = engines.rollout().name();
        String trainer = engines.gradient().name();
        long weights = sizes.weights();
        add(Phase.MODE, POLICY, "weights, trained and as at the start", "", 2.0 * Float.BYTES * weights, SMALLER);
        if (onCpu()) {
            add(Phase.MODE, POLICY, "weights packed for sampling", sampler, weights * samples.perWeight(), SMALLER);
        }
        cache(backbone.decoder(length));
        int most = Math.min(LengthBatches.rows(length, Grader.BATCH), new LogitParts(vocabulary).rows(length));
        int rows = (int) Math.min(answers(), most);
        scoring(
                POLICY,
                "",
                new Batch(rows, length, rows < most ? "rollout.group, evaluation.prompts" : "", "rollout.max_tokens"),
                sizes.scored(rows, length) + LayerNumbers.logits(rows, length, vocabulary, false));
        add(Phase.MODE, POLICY, "gradients and moments", trainer, weights * trains.perWeight(), SMALLER);
        training(
                Phase.MODE,
                POLICY,
                sizes,
                vocabulary,
                new Batch(experiment.policy().microBatch(), length, "policy.micro_batch", "rollout.max_tokens"));
        Experiment.FineTuning tuning = experiment.policy().fineTuning();
        if (tuning.steps() > 0) {
            add(
                    Phase.PREPARATION,
                    POLICY,
                    "weights, gradients and moments",
                    trainer,
                    weights * (Float.BYTES + trains.perWeight()),
                    SMALLER);
            training(
                    Phase.PREPARATION,
                    POLICY,
                    sizes,
                    vocabulary,
                    new Batch(tuning.batch(), length, "policy.fine_tuning.batch", "rollout.max_tokens"));
        }
    }

    private void cache(DecoderGraph decoder) {
        int slots = experiment.rollout().slots();
        if (slots > decoder.mostSlots()) {
            throw SaveException.user(
                    "rollout.slots is " + slots + ", but the cache holds at most "
                            + decoder.mostSlots() + " sequences of " + decoder.maxLength()
                            + " tokens with their logits, because no buffer is larger than 2 GiB; lower rollout.slots or rollout.max_tokens");
        }
        double each = 2.0 * decoder.layers() * decoder.kvHeads() * decoder.headSize() * decoder.maxLength()
                + decoder.vocabulary();
        add(
                Phase.MODE,
                POLICY,
                "cache of " + slots + " sequences of " + decoder.maxLength(),
                engines.rollout().name(),
                Float.BYTES * each * slots,
                "Lower rollout.slots or rollout.max_tokens.");
    }

    private void reward(Backbone backbone, int length) {
        LayerNumbers sizes = LayerNumbers.of(backbone, backbone.trunkParameters());
        long weights = sizes.weights();
        MemoryNeeds trains = engines.gradient().memoryNeeds();
        String trainer = engines.gradient().name();
        add(Phase.MODE, REWARD, "weights, trained and as at the start", "", 2.0 * Float.BYTES * weights, SMALLER);
        int most = LengthBatches.rows(length, Grader.BATCH);
        int rows = (int) Math.min(most, Math.max(answers(), 2L * data.heldOut().size()));
        scoring(REWARD, "", new Batch(rows, length, "", "reward.max_length"), sizes.scored(rows, length));
        if (data.judge().isPresent()) {
            // How often the model agrees with the judge is compared with the first one.
            int evaluated = (int) Math.min(most, evaluated());
            scoring(
                    REWARD,
                    " by the first one",
                    new Batch(evaluated, length, evaluated < most ? "evaluation.prompts" : "", "reward.max_length"),
                    sizes.scored(evaluated, length));
        }
        Experiment.Save save = experiment.save();
        if (experiment.modes().stream().anyMatch(mode -> mode != Experiment.Mode.STATIC)) {
            add(Phase.MODE, REWARD, "gradients and moments", trainer, weights * trains.perWeight(), SMALLER);
            training(
                    Phase.MODE,
                    REWARD,
                    sizes,
                    0,
                    new Batch(save.update().microBatch(), length, "save.update.micro_batch", "reward.max_length"));
            if (save.gate().every() > 0) {
                add(Phase.MODE, REWARD, "the last good one, for the gate", "", 3.0 * Float.BYTES * weights, SMALLER);
            }
        }
        Experiment.RewardTraining training = experiment.reward().training();
        if (training.epochs() > 0) {
            add(
                    Phase.PREPARATION,
                    REWARD,
                    "weights, gradients and moments",
                    trainer,
                    weights * (2 * Float.BYTES + trains.perWeight()),
                    SMALLER);
            training(
                    Phase.PREPARATION,
                    REWARD,
                    sizes,
                    0,
                    new Batch(2 * training.microBatch(), length, "reward.training.micro_batch", "reward.max_length"));
        }
    }

    private boolean onCpu() {
        return engines.settings().device().isCpu();
    }

    /** What a GPU computes is in its own memory. */
    private void scoring(String model, String by, Batch batch, double numbers) {
        if (onCpu()) {
            add(
                    Phase.MODE,
                    model,
                    "numbers of scoring " + batch.size() + by,
                    engines.scoring().name(),
                    numbers * engines.scoring().memoryNeeds().perNumber(),
                    "Lower " + batch.settings()
                            + (batch.length() > LengthBatches.FULL_TO
                                            && batch.rowsSetting().isEmpty()
                                    ? " to less than 512, since longer sequences make batches of fewer rows, or take a smaller model."
                                    : "."));
        }
    }

    /** @param vocabulary 0 for a model without logits */
    private void training(Phase phase, String model, LayerNumbers sizes, int vocabulary, Batch batch) {
        Checkpointing kept = experiment.engines().checkpointing();
        double numbers = sizes.trained(batch.rows(), batch.length(), kept)
                + (vocabulary == 0
                        ? 0
                        : LayerNumbers.logits(batch.rows(), batch.length(), vocabulary, kept == Checkpointing.NONE));
        boolean another =
                kept == Checkpointing.NONE && engines.gradient().checkpointing().contains(Checkpointing.BLOCKS);
        add(
                phase,
                model,
                "numbers of a micro-batch of " + batch.size(),
                engines.gradient().name(),
                numbers * engines.gradient().memoryNeeds().perNumber(),
                "Lower " + batch.settings()
                        + (another ? ", or set engines.checkpointing to blocks, which keeps less." : "."));
    }

    private void add(Phase phase, String model, String part, String engine, double bytes, String advice) {
        lines.add(new Line(phase, model, part, engine, (long) bytes, advice));
    }

    /**
     * Sequences that run together.
     *
     * @param length tokens of the longest
     * @param rowsSetting on which the number of rows depends, or nothing
     * @param lengthSetting on which the length depends
     */
    private record Batch(int rows, int length, String rowsSetting, String lengthSetting) {
        String size() {
            return rows + " sequences of " + length;
        }

        String settings() {
            return rows > 1 && !rowsSetting.isEmpty() ? rowsSetting + " or " + lengthSetting : lengthSetting;
        }
    }
}
