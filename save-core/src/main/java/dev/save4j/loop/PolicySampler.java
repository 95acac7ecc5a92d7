package dev.save4j.loop;

import dev.save4j.engine.Completion;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.models.PolicyModel;
import dev.save4j.tokenizers.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Samples answers as text, for use outside the loop. */
public final class PolicySampler {
    /** Answers that are sampled at once; others follow as these end. */
    private static final int MOST_SLOTS = 32;

    private PolicySampler() {}

    /**
     * A sampled answer.
     *
     * @param logProb the sum over its tokens, in nats at the sampling temperature
     */
    public record Sampled(String text, int tokens, double logProb, Completion.FinishReason finish) {}

    /**
     * Answers one prompt.
     *
     * @param sampling its stop tokens are completed by the tokenizer's end of text
     */
    public static List<Sampled> sample(
            PolicyModel policy,
            Tokenizer tokenizer,
            String prompt,
            int answers,
            Sampling sampling,
            long seed,
            RolloutEngine engine,
            EngineSettings settings) {
        Set<Integer> stops = new java.util.HashSet<>(sampling.stopTokens());
        tokenizer.endOfText().ifPresent(stops::add);
        Sampling complete =
                new Sampling(sampling.temperature(), sampling.topK(), sampling.topP(), sampling.maxTokens(), stops);
        long length = (long) tokenizer.encode(prompt).length + sampling.maxTokens();
        int positions = (int) Math.min(policy.backbone().maxLength(), length);
        int slots = Math.min(answers, MOST_SLOTS);
        try (RolloutSession session = engine.open(policy.decoder(positions), policy.weights(), slots, settings)) {
            List<Sampled> sampled = new ArrayList<>();
            for (Answer answer : new AnswerSource(session, tokenizer)
                    .sample(List.of(prompt), answers, complete, seed)
                    .get(0)) {
                Completion completion = answer.completion();
                double sum = 0;
                for (float logProb : completion.logProbs()) {
                    sum += logProb;
                }
                sampled.add(new Sampled(answer.text(), completion.tokens().length, sum, completion.finish()));
            }
            return sampled;
        }
    }
}
