package dev.save4j.bench.speed;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.loop.RewardInput;
import dev.save4j.models.RewardModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Scoring by ONNX Runtime alone: the exported model over batches as they come, padded to the longest. A program to run by itself. */
final class PlainScoring {
    /** Rows of a run, as in many examples. */
    static final int ROWS = 32;

    private PlainScoring() {}

    /** Reports the same as {@link ScoringProbe}. */
    public static void main(String[] arguments) {
        Assignment task = Assignment.parse(arguments);
        ScoringWork work = ScoringWork.parse(task.shape());
        List<RewardInput> answers =
                work.inputs(task.size()).stream().flatMap(List::stream).toList();
        RewardModel model = task.reward(work.longest());
        try (PlainSession session = new PlainSession(model.gradeGraph(), model.weights(), task.threads())) {
            Tally tokens = new Tally();
            Chunks pass = Chunks.measure(() -> tokens.count(() -> pass(session, answers)), task.seconds(), 0.5);
            Probe.report(ScoringProbe.reading(session.engine(), work, pass, tokens));
        }
    }

    private static long pass(PlainSession session, List<RewardInput> answers) {
        long tokens = 0;
        for (int from = 0; from < answers.size(); from += ROWS) {
            tokens += run(session, answers.subList(from, Math.min(from + ROWS, answers.size())));
        }
        return tokens;
    }

    /** Tokens with padding. */
    private static int run(PlainSession session, List<RewardInput> rows) {
        int width = rows.stream().mapToInt(row -> row.ids().length).max().orElseThrow();
        long[] ids = new long[rows.size() * width];
        long[] mask = new long[ids.length];
        long[] prompts = new long[rows.size()];
        for (int row = 0; row < rows.size(); row++) {
            int[] tokens = rows.get(row).ids();
            for (int i = 0; i < tokens.length; i++) {
                ids[row * width + i] = tokens[i];
                mask[row * width + i] = 1;
            }
            prompts[row] = rows.get(row).promptLength();
        }
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            inputs.put("input_ids", session.longs(ids, rows.size(), width));
            inputs.put("attention_mask", session.longs(mask, rows.size(), width));
            inputs.put("prompt_length", session.longs(prompts, rows.size(), 1));
            try (OrtSession.Result result = session.run(inputs)) {
                for (String name : List.of("reward", "value")) {
                    result.get(name).orElseThrow().getValue();
                }
            }
        } catch (OrtException failed) {
            throw PlainSession.failure(failed);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
        return ids.length;
    }
}
