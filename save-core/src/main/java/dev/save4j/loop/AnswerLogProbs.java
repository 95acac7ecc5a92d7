package dev.save4j.loop;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.models.LogitParts;
import dev.save4j.models.PolicyModel;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Log-probabilities of given answers under a policy or reference model, one forward pass each. Closes its session, not the model. */
final class AnswerLogProbs implements AutoCloseable {
    private final InferenceSession session;
    private final int batch;
    private final LogitParts logits;

    /** @param batch rows per run, fewer where they have more than 512 tokens or the vocabulary is large */
    AnswerLogProbs(PolicyModel model, double temperature, InferenceEngine engine, EngineSettings settings, int batch) {
        this.session = LiveSessions.open(engine, model.logProbGraph(temperature), model.weights(), settings);
        this.batch = batch;
        this.logits = new LogitParts(model.backbone().vocabularySize());
    }

    /** How many answers run together: fewer where their logits would be large. */
    private int rows(int length) {
        return Math.min(LengthBatches.rows(length, batch), logits.rows(length));
    }

    /** For each answer the log-probability of each of its tokens, in nats at the temperature. */
    List<float[]> of(List<Answer> answers) {
        float[][] results = new float[answers.size()][];
        int[] lengths =
                answers.stream().mapToInt(answer -> answer.sequence().length).toArray();
        for (List<Integer> part : new LengthBatches(lengths, this::rows).batches()) {
            List<int[]> sequences = new ArrayList<>();
            part.forEach(row -> sequences.add(answers.get(row).sequence()));
            FloatBuffer logProbs = LiveSessions.output(session.run(TokenBatch.of(sequences)), "log_prob")
                    .floats();
            int width = TokenBatch.longest(sequences) - 1;
            for (int i = 0; i < part.size(); i++) {
                Answer answer = answers.get(part.get(i));
                float[] tokens = new float[answer.completion().tokens().length];
                logProbs.get(i * width + answer.promptTokens().length - 1, tokens);
                results[part.get(i)] = tokens;
            }
        }
        return List.of(results);
    }

    @Override
    public void close() {
        session.close();
    }
}
