package dev.save4j.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightPrecision;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.PolicyModel;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.tokenizers.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A trained model sampled in 8 bits, beside its log-probs in single precision. */
class Int8StoriesTest {
    @Test
    void storiesAreSampledNearlyFromTheTrainedPolicy() {
        Path folder = Path.of(System.getProperty("save4j.shared", "../../shared"), "data/models/stories260k/hf");
        assumeTrue(Files.exists(folder), "skipped: " + folder + " is not there; set save4j.shared");
        PolicyModel policy = PolicyModel.load(ModelFolder.open(folder));
        EngineSettings settings = EngineSettings.singleThreaded().with(WeightPrecision.INT8);
        Sampling sampling = Sampling.unbiased(64, Set.of(1, 2));
        double largest = 0;
        double sum = 0;
        int count = 0;
        try (Tokenizer tokenizer = Tokenizers.open(folder);
                RolloutSession session = Engines.rollout()
                        .named("onnxruntime")
                        .open(policy.decoder(128), policy.weights(), 16, settings);
                AnswerLogProbs trained = new AnswerLogProbs(
                        policy, 1, Engines.inference().named("onnxruntime"), EngineSettings.singleThreaded(), 16)) {
            List<String> prompts = List.of("Once upon a time", "Lily and Tom went to the park. ");
            for (List<Answer> answers : new AnswerSource(session, tokenizer).sample(prompts, 16, sampling, 3)) {
                List<float[]> expected = trained.of(answers);
                for (int i = 0; i < answers.size(); i++) {
                    float[] sampled = answers.get(i).completion().logProbs();
                    for (int t = 0; t < sampled.length; t++) {
                        double difference = sampled[t] - expected.get(i)[t];
                        largest = Math.max(largest, Math.abs(difference));
                        sum += Math.abs(difference);
                        count++;
                    }
                }
            }
        }
        assertThat(count).isGreaterThan(1000);
        assertThat(sum / count).as("mean").isBetween(1e-4, 0.06);
        assertThat(largest).as("max").isLessThan(1);
    }
}
