package dev.save4j.run;

import dev.save4j.SaveException;
import dev.save4j.algorithms.Anchor;
import dev.save4j.algorithms.AnswerFilter;
import dev.save4j.algorithms.LearningRate;
import dev.save4j.algorithms.ScaleAlarm;
import dev.save4j.algorithms.ValueTarget;
import dev.save4j.engine.Checkpointing;
import dev.save4j.engine.Device;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightPrecision;
import dev.save4j.models.Pooling;
import dev.save4j.objectives.ContrastObjective;
import dev.save4j.tensor.ElementType;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of a run, resolved: what the experiment file says over {@code defaults.yaml}, where every key is explained. Read by
 * {@link ExperimentReader}; keys of the file are the component names in snake case.
 */
public record Experiment(
        String name,
        long seed,
        String output,
        int steps,
        List<Mode> modes,
        int parallel,
        EngineNames engines,
        Data data,
        Policy policy,
        Reward reward,
        Rollout rollout,
        Algorithm algorithm,
        Save save,
        Evaluation evaluation,
        Checkpoint checkpoint) {
    public Experiment {
        modes = List.copyOf(modes);
        require(steps >= 1, "steps must be at least 1, but is " + steps);
        require(parallel >= 1, "parallel must be at least 1, but is " + parallel);
        require(
                !modes.isEmpty() && new HashSet<>(modes).size() == modes.size(),
                "modes must name at least one mode, each once, but is " + modes);
        require(
                name.matches("[\\w.-]+"),
                "name must consist of letters, digits, '.', '_' and '-', but is '" + name + "'");
        int sources = (data.lab().isPresent() ? 1 : 0)
                + (data.stories().file().isPresent() ? 1 : 0)
                + (data.prompts().isPresent() ? 1 : 0);
        require(
                sources == 1,
                "data must name one source of prompts: a file in data.prompts, a file in data.stories.file, or data.lab: tales");
        boolean brings = data.prompts().isEmpty();
        require(
                data.lab().isPresent() || !modes.contains(Mode.ORACLE),
                "mode oracle needs the lab's gold reward: set data.lab, or leave the mode out");
        require(
                brings
                        || data.preferences().isPresent()
                        || reward.training().epochs() == 0 && save.replay().pairs() == 0,
                "data.preferences must name a file of labelled pairs, because reward.training.epochs or save.replay.pairs is not 0");
        require(
                brings || data.heldOut().isPresent() || save.gate().every() == 0,
                "data.held_out must name a file of labelled pairs for the gate (or set save.gate.every to 0)");
        require(
                !modes.contains(Mode.LABELLED_ONLY) || save.replay().pairs() > 0,
                "mode labelled-only learns from replayed pairs alone: set save.replay.pairs to 1 or more, or leave the mode out");
    }

    /** The longest sequence of prompt and answer that the policy gets. */
    public int longestSequence() {
        return (int) Math.min(Integer.MAX_VALUE, (long) data.maxPromptTokens() + rollout.maxTokens());
    }

    /** Where the labels of the reward model's updates come from. */
    public enum Mode {
        /** The reward model is frozen. */
        STATIC,
        /** Its own advantage separates answers, with guards and replay as configured. */
        SAVE,
        /** Only labelled pairs are replayed. */
        LABELLED_ONLY,
        /** The gold reward separates answers: the ceiling; in the lab only. */
        ORACLE;

        /** As written in files. */
        public String label() {
            return SettingsBinder.label(this);
        }
    }

    public record EngineNames(
            String rollout,
            String scoring,
            String gradient,
            int threads,
            Checkpointing checkpointing,
            WeightPrecision rolloutWeights,
            Device.Kind device,
            int deviceId,
            int deviceMemory,
            Half half) {
        public EngineNames {
            require(threads >= 1, "threads must be at least 1, but is " + threads);
            require(
                    deviceId >= 0 && deviceMemory >= 0,
                    "device_id and device_memory must not be negative, but are " + deviceId + " and " + deviceMemory);
            require(
                    rolloutWeights == WeightPrecision.FLOAT32 || device == Device.Kind.CPU,
                    "rollout_weights: int8 is for the device cpu; set rollout_weights to float32, or device to cpu");
        }

        /** Half precision. */
        public enum Half {
            FLOAT16,
            BFLOAT16
        }

        /** Where rollouts and scoring compute. */
        public Device onDevice() {
            return new Device(device, deviceId, (long) deviceMemory << 20, ElementType.valueOf(half.name()));
        }
    }

    public record Data(
            Optional<String> lab,
            Optional<String> prompts,
            Optional<String> preferences,
            Optional<String> heldOut,
            Stories stories,
            int maxPromptTokens,
            int badRows,
            Tales tales) {
        public Data {
            require(
                    lab.isEmpty() || lab.get().equals("tales"),
                    "lab must be 'tales' or null, but is '" + lab.orElse("") + "'");
            require(maxPromptTokens >= 1, "max_prompt_tokens must be at least 1, but is " + maxPromptTokens);
            require(badRows >= 0, "bad_rows must not be negative, but is " + badRows);
        }
    }

    public record Stories(Optional<String> file, int openingWords, int answerWords, int preferences, int heldOut) {
        public Stories {
            require(
                    openingWords >= 1 && answerWords >= 1 && preferences >= 1 && heldOut >= 1,
                    "opening_words, answer_words, preferences and held_out must each be at least 1");
        }
    }

    public record Tales(int fineTuning, int preferences, double labelNoise, int heldOut, int prompts) {
        public Tales {
            require(
                    fineTuning >= 1 && preferences >= 1 && heldOut >= 1 && prompts >= 1,
                    "fine_tuning, preferences, held_out and prompts must each be at least 1");
            require(labelNoise >= 0 && labelNoise < 0.5, "label_noise must lie in [0, 0.5), but is " + labelNoise);
        }
    }

    /** The size of a model made here. */
    public record Size(int hiddenSize, int layers, int heads, int kvHeads, int intermediateSize, int maxLength) {
        public Size {
            require(
                    hiddenSize >= 1
                            && layers >= 1
                            && heads >= 1
                            && kvHeads >= 1
                            && intermediateSize >= 1
                            && maxLength >= 2,
                    "every size must be positive, max_length at least 2");
            require(
                    hiddenSize % heads == 0 && hiddenSize / heads % 2 == 0,
                    "hidden_size must be an even multiple of heads");
            require(heads % kvHeads == 0, "heads must be a multiple of kv_heads");
        }
    }

    public record FineTuning(int steps, int batch, double learningRate, int warmUp) {
        public FineTuning {
            require(
                    steps >= 0 && batch >= 1 && learningRate > 0 && warmUp >= 0,
                    "steps and warm_up must not be negative, batch and learning_rate must be positive");
        }
    }

    public record Policy(
            String backbone,
            Optional<String> model,
            Optional<String> tokenizer,
            Size size,
            FineTuning fineTuning,
            double learningRate,
            int warmUp,
            LearningRate.Schedule schedule,
            double weightDecay,
            double maxGradientNorm,
            int epochs,
            int miniBatches,
            int microBatch) {
        public Policy {
            require(learningRate > 0, "learning_rate must be positive, but is " + learningRate);
            require(warmUp >= 0 && weightDecay >= 0, "warm_up and weight_decay must not be negative");
            require(
                    maxGradientNorm > 0 && epochs >= 1 && miniBatches >= 1 && microBatch >= 1,
                    "max_gradient_norm, epochs, mini_batches and micro_batch must be positive");
        }
    }

    public record Reward(
            String backbone,
            Optional<String> model,
            Optional<String> tokenizer,
            Optional<Pooling> pooling,
            boolean newHeads,
            int maxLength,
            Size size,
            RewardTraining training) {
        public Reward {
            require(maxLength >= 2, "max_length must be at least 2, but is " + maxLength);
        }
    }

    public record RewardTraining(
            int epochs,
            int batch,
            int microBatch,
            double learningRate,
            int warmUp,
            LearningRate.Schedule schedule,
            double weightDecay,
            double maxGradientNorm,
            double centre,
            boolean useMargin,
            boolean keepBest,
            int valueSteps,
            double valueLearningRate) {
        public RewardTraining {
            require(
                    epochs >= 0 && warmUp >= 0 && valueSteps >= 0,
                    "epochs, warm_up and value_steps must not be negative");
            require(batch >= 1 && microBatch >= 1, "batch and micro_batch must be at least 1");
            require(
                    learningRate > 0 && valueLearningRate > 0 && maxGradientNorm > 0 && weightDecay >= 0 && centre >= 0,
                    "learning_rate, value_learning_rate and max_gradient_norm must be positive, weight_decay and centre not negative");
        }
    }

    public record Rollout(int prompts, int group, double temperature, int topK, double topP, int maxTokens, int slots) {
        public Rollout {
            require(
                    prompts >= 1 && group >= 1 && maxTokens >= 1 && slots >= 1,
                    "prompts, group, max_tokens and slots must be at least 1");
            require(
                    Sampling.divides(temperature),
                    "temperature must be positive and finite while training, at least " + Sampling.LEAST_TEMPERATURE
                            + ", but is " + temperature);
            require(topK >= 0, "top_k must not be negative, but is " + topK);
            require(topP > 0 && topP <= 1, "top_p must lie in (0, 1], but is " + topP);
        }
    }

    public record Algorithm(String name, String preset, Map<String, Object> settings) {}

    public enum Rescore {
        /** The policy is updated on fresh answers, scored by the improved reward model. */
        FRESH,
        /** The same answers are scored again by the improved reward model. */
        SAME,
        /** The scores before the improvement serve; the improved reward model serves the next batch. */
        NEXT
    }

    public record Save(
            ContrastObjective.Variant contrast,
            double temperature,
            double margin,
            double centre,
            Rescore rescore,
            AnswerFilter filter,
            Anchor anchor,
            ValueSettings value,
            Update update,
            Replay replay,
            GateSettings gate,
            ScaleAlarm alarm) {
        public Save {
            require(
                    temperature > 0 && margin >= 0 && centre >= 0,
                    "temperature must be positive, margin and centre not negative");
        }
    }

    public record ValueSettings(double weight, ValueTarget target, int steps, double learningRateScale) {
        public ValueSettings {
            require(
                    weight >= 0 && steps >= 0 && learningRateScale >= 0,
                    "weight, steps and learning_rate_scale must not be negative");
        }
    }

    public record Update(double learningRate, double weightDecay, double maxGradientNorm, int epochs, int microBatch) {
        public Update {
            require(
                    learningRate > 0 && weightDecay >= 0 && maxGradientNorm > 0 && epochs >= 1 && microBatch >= 1,
                    "learning_rate, max_gradient_norm, epochs and micro_batch must be positive, weight_decay not negative");
        }
    }

    public record Replay(int pairs, double weight) {
        public Replay {
            require(pairs >= 0 && weight >= 0, "pairs and weight must not be negative");
        }
    }

    public record GateSettings(int every, int pairs, double delta) {
        public GateSettings {
            require(
                    every >= 0 && pairs >= 1 && delta >= 0,
                    "every and delta must not be negative, pairs must be at least 1");
        }
    }

    public record Evaluation(int every, int prompts, int completions) {
        public Evaluation {
            require(
                    every >= 0 && prompts >= 1 && completions >= 1,
                    "every must not be negative, prompts and completions must be at least 1");
        }
    }

    public record Checkpoint(int every) {
        public Checkpoint {
            require(every >= 0, "every must not be negative, but is " + every);
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw SaveException.user(otherwise);
        }
    }
}
