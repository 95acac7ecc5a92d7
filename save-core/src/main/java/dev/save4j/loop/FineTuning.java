package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.algorithms.LearningRate;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.models.PolicyModel;
import dev.save4j.objectives.Composition;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.LanguageModelling;
import dev.save4j.objectives.Objective;
import dev.save4j.run.Experiment;
import dev.save4j.tensor.Tensor;
import dev.save4j.tokenizers.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Supervised fine-tuning: the policy learns to give the answers of demonstrations. The loss counts the tokens of answers only. */
final class FineTuning {
    private static final String TASK = "fine-tuning";

    private FineTuning() {}

    /**
     * Trains the policy in place.
     *
     * @param log gets the metrics of every step
     */
    static void train(
            PolicyModel policy,
            Tokenizer tokenizer,
            List<Demonstration> demonstrations,
            Experiment.FineTuning settings,
            GradientEngine engine,
            EngineSettings machine,
            Seeds seeds,
            BiConsumer<Integer, Map<String, Double>> log,
            Progress progress) {
        if (demonstrations.isEmpty()) {
            throw SaveException.user("policy.fine_tuning.steps is " + settings.steps()
                    + ", but there are no demonstrations to learn from");
        }
        LanguageModelling objective = new LanguageModelling();
        Graph loss = Composition.of(policy.logProbGraph(1), objective);
        LearningRate rate = LearningRate.fitting(
                LearningRate.Schedule.COSINE, settings.learningRate(), settings.warmUp(), settings.steps());
        try (Trainer trainer = engine.open(policy.weights(), List.of(loss), Optimization.DEFAULT, machine)) {
            for (int step = 1; step <= settings.steps(); step++) {
                int[] rows = seeds.draw(TASK, demonstrations.size(), settings.batch(), step);
                List<int[]> sequences = new ArrayList<>();
                int[] starts = new int[rows.length];
                int[] ends = new int[rows.length];
                for (int i = 0; i < rows.length; i++) {
                    int[] prompt = tokenizer.encode(demonstrations.get(rows[i]).prompt());
                    int[] sequence = sequence(
                            prompt,
                            demonstrations.get(rows[i]).answer(),
                            tokenizer,
                            policy.backbone().maxLength());
                    sequences.add(sequence);
                    starts[i] = Math.min(prompt.length, sequence.length) - 1;
                    ends[i] = sequence.length - 1;
                }
                Feed feed = objective.feed(TokenBatch.longest(sequences) - 1, starts, ends);
                Map<String, Tensor> inputs = feed.whole();
                inputs.putAll(TokenBatch.of(sequences));
                Metrics metrics = new Metrics();
                metrics.sum(trainer.accumulate(loss, inputs, 1));
                metrics.put("grad_norm", trainer.step(rate.at(step - 1)));
                metrics.put("learning_rate", rate.at(step - 1));
                log.accept(step, metrics.values());
                progress.advance(
                        TASK,
                        step,
                        settings.steps(),
                        "loss %.3f".formatted(metrics.values().get(Objective.LOSS)));
            }
        }
    }

    private static int[] sequence(int[] prompt, String answer, Tokenizer tokenizer, int maxLength) {
        int[] words = tokenizer.encode(answer, false);
        int[] end = tokenizer.endOfText().stream().toArray();
        int[] sequence = Arrays.copyOf(prompt, prompt.length + words.length + end.length);
        System.arraycopy(words, 0, sequence, prompt.length, words.length);
        System.arraycopy(end, 0, sequence, prompt.length + words.length, end.length);
        return sequence.length > maxLength ? Arrays.copyOf(sequence, maxLength) : sequence;
    }
}
