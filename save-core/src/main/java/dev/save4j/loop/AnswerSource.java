package dev.save4j.loop;

import dev.save4j.engine.Completion;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Samples answers as text. Closes neither the session nor the tokenizer. */
final class AnswerSource {
    private final RolloutSession session;
    private final Tokenizer tokenizer;

    AnswerSource(RolloutSession session, Tokenizer tokenizer) {
        this.session = session;
        this.tokenizer = tokenizer;
    }

    /** How a run samples; the tokenizer's end of text is the stop token. */
    static Sampling sampling(LoopModels models, Experiment.Rollout rollout) {
        Set<Integer> stops = new HashSet<>();
        models.policyTokenizer().endOfText().ifPresent(stops::add);
        return new Sampling(rollout.temperature(), rollout.topK(), rollout.topP(), rollout.maxTokens(), stops);
    }

    /** Positions that the longest of these prompts and its answer need, as far as the policy has them. */
    static int cacheLength(LoopModels models, List<String> prompts, Experiment.Rollout rollout) {
        long longest = prompts.stream()
                .mapToInt(prompt -> models.policyTokenizer().encode(prompt).length)
                .max()
                .orElse(0);
        return (int) Math.min(models.policy().backbone().maxLength(), longest + rollout.maxTokens());
    }

    /**
     * Answers prompts.
     *
     * @param each answers per prompt
     * @param seed the answers to a prompt depend on it and on the place of the prompt in the list
     * @return for each prompt its answers
     */
    List<List<Answer>> sample(List<String> prompts, int each, Sampling sampling, long seed) {
        List<RolloutRequest> requests = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            requests.add(new RolloutRequest(tokenizer.encode(prompts.get(i)), each, seed + i));
        }
        List<List<Completion>> completions = session.generate(requests, sampling);
        List<List<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            List<Answer> group = new ArrayList<>();
            for (Completion completion : completions.get(i)) {
                group.add(new Answer(prompts.get(i), requests.get(i).prompt(), completion, text(completion)));
            }
            answers.add(group);
        }
        return answers;
    }

    private String text(Completion completion) {
        int[] tokens = completion.tokens();
        boolean stopped = completion.finish() == Completion.FinishReason.STOP;
        return tokenizer.decode(stopped ? Arrays.copyOf(tokens, tokens.length - 1) : tokens);
    }

    /** Call it after every update of the policy. */
    void refresh() {
        session.refresh();
    }
}
