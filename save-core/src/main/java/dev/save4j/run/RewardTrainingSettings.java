package dev.save4j.run;

import dev.save4j.SaveException;
import dev.save4j.engine.Checkpointing;
import dev.save4j.models.Pooling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The settings of a reward model's training outside the loop, resolved: {@code config.yaml} of a {@link RewardTrainingFolder}, its keys the
 * component names in snake case.
 *
 * @param model a model folder or the name of a model in the cache, as it was given
 * @param newHeads whether heads were to be made where the model has none
 * @param pooling empty: what the model says
 * @param preferences file of the pairs to learn from
 * @param heldOut file of the pairs to measure on
 * @param maxLength tokens of prompt and answer together
 * @param seed of new heads and of the order of pairs
 */
public record RewardTrainingSettings(
        String model,
        boolean newHeads,
        Optional<Pooling> pooling,
        String preferences,
        String heldOut,
        int maxLength,
        long seed,
        EngineNames engines,
        Experiment.RewardTraining training) {
    public RewardTrainingSettings {
        if (maxLength < 2) {
            throw SaveException.user("max_length must be at least 2, but is " + maxLength);
        }
    }

    /** Which engines score and differentiate, the native threads of each, and what the gradient engine keeps in memory. */
    public record EngineNames(String scoring, String gradient, int threads, Checkpointing checkpointing) {
        public EngineNames {
            if (threads < 1) {
                throw SaveException.user("threads must be at least 1, but is " + threads);
            }
        }
    }

    /** The command that trains once more, into a new folder. */
    public String command(String out) {
        List<String> words = new ArrayList<>(List.of("save4j reward train", "--model " + Shell.quoted(model)));
        if (newHeads) {
            words.add("--new-heads");
        }
        pooling.ifPresent(how -> words.add("--pooling " + how));
        words.add("--preferences " + Shell.quoted(preferences));
        words.add("--held-out " + Shell.quoted(heldOut));
        words.add("--max-length " + maxLength + " --seed " + seed + " --threads " + engines.threads());
        words.add("--engine " + Shell.quoted(engines.gradient()) + " --scoring-engine "
                + Shell.quoted(engines.scoring()) + " --checkpointing "
                + SettingsBinder.label(engines.checkpointing()));
        SettingsBinder.tree(training)
                .properties()
                .forEach(setting -> words.add(
                        "--set " + setting.getKey() + "=" + setting.getValue().asString()));
        words.add("--out " + Shell.quoted(out));
        return String.join(" \\\n  ", words);
    }
}
