package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.graph.Graph;
import dev.save4j.models.RewardModel;
import dev.save4j.models.ScoringModel;
import dev.save4j.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Scores prompts and answers with a reward model whose weights may change between calls. Rows are sorted by length before they are batched, so
 * that little is padded; where a causal backbone can and it pays, a prompt is computed once for all its answers. Closes its sessions; not the model. One
 * thread at a time.
 */
public final class Grader implements AutoCloseable {
    /** Rows of a run within the loop and around it. */
    public static final int BATCH = 64;

    /** In one causal pass the value of a prompt is computed once per answer; the copies differ by rounding only. */
    private static final double VALUE_TOLERANCE = 1e-4;

    private final int batch;
    private final int padding;
    private final boolean types;
    private final InferenceSession reward;
    private final Optional<InferenceSession> value;
    private final Optional<InferenceSession> both;
    private final Optional<Graph> groupGraph;
    private final Function<Graph, InferenceSession> open;
    private final List<InferenceSession> sessions = new ArrayList<>();
    private Optional<InferenceSession> shared = Optional.empty();
    private long tokens;
    private long padded;
    private boolean closed;

    /**
     * Rewards of answers and values of prompts.
     *
     * @param rewards {@code [prompts][answers]}
     * @param values {@code [prompts]}
     */
    public record Grades(double[][] rewards, double[] values) {}

    /** @param batch rows per run, fewer where they have more than 512 tokens */
    public Grader(RewardModel model, InferenceEngine engine, EngineSettings settings, int batch) {
        this.batch = batch;
        padding = 0;
        types = false;
        open = graph -> kept(LiveSessions.open(engine, graph, model.weights(), settings));
        try {
            reward = open.apply(model.rewardGraph());
            value = model.hasValueHead() ? Optional.of(open.apply(model.valueGraph())) : Optional.empty();
            both = model.hasValueHead() && model.backbone().causal()
                    ? Optional.of(open.apply(model.gradeGraph()))
                    : Optional.empty();
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
        groupGraph = compilesForSizes(settings) ? Optional.empty() : model.groupGraph();
    }

    /** For rewards alone. */
    Grader(ScoringModel model, InferenceEngine engine, EngineSettings settings, int batch) {
        this.batch = batch;
        padding = model.padding();
        types = model.hasTokenTypes();
        open = graph -> kept(LiveSessions.open(engine, graph, model.weights(), settings));
        reward = open.apply(model.graph());
        value = Optional.empty();
        both = Optional.empty();
        groupGraph = compilesForSizes(settings) ? Optional.empty() : model.groupGraph();
    }

    private InferenceSession kept(InferenceSession session) {
        sessions.add(session);
        return session;
    }

    /** TensorRT compiles a graph anew for other sizes, of which groups have many. */
    private static boolean compilesForSizes(EngineSettings settings) {
        return settings.device().kind() == Device.Kind.TENSORRT;
    }

    /** The reward of each answer. */
    double[] rewards(List<RewardInput> answers) {
        requireOpen();
        return inGroups(answers, ScoringModel.OUTPUT)
                .orElseGet(() -> run(
                        reward,
                        answers.stream().map(RewardInput::ids).toList(),
                        types
                                ? Optional.of(
                                        answers.stream().map(RewardInput::types).toList())
                                : Optional.empty(),
                        Optional.empty(),
                        ScoringModel.OUTPUT))[0];
    }

    /** The value of each prompt. */
    double[] values(List<int[]> prompts) {
        requireOpen();
        InferenceSession session = value.orElseThrow(() -> SaveException.user(
                "the reward model has no value head 'value.weight'; train one, or ask for new heads"));
        return run(session, prompts, Optional.empty(), Optional.empty(), "value")[0];
    }

    /**
     * Rewards and values of groups of answers.
     *
     * @param prompts as the reward model reads them, without an answer
     */
    public Grades grade(List<List<RewardInput>> groups, List<int[]> prompts) {
        requireOpen();
        List<RewardInput> rows = groups.stream().flatMap(List::stream).toList();
        if (both.isEmpty()) {
            return new Grades(grouped(rewards(rows), groups), values(prompts));
        }
        double[][] outputs = inGroups(rows, "reward", "value")
                .orElseGet(() -> run(
                        both.get(),
                        rows.stream().map(RewardInput::ids).toList(),
                        Optional.empty(),
                        Optional.of(rows.stream()
                                .mapToInt(RewardInput::promptLength)
                                .toArray()),
                        "reward",
                        "value"));
        double[][] rewards = grouped(outputs[0], groups);
        double[][] copies = grouped(outputs[1], groups);
        double[] values = new double[groups.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = copies[i][0];
            for (double copy : copies[i]) {
                if (Math.abs(copy - values[i]) > VALUE_TOLERANCE * Math.max(1, Math.abs(values[i]))) {
                    throw SaveException.internal("the value of prompt " + i + " depends on its answer: " + values[i]
                            + " and " + copy + "; the backbone is not causal");
                }
            }
        }
        return new Grades(rewards, values);
    }

    /** The session for groups opens when it is first needed, after {@link #close} it would stay open. */
    private void requireOpen() {
        if (closed) {
            throw SaveException.internal("the grader is asked for scores after it was closed");
        }
    }

    /** The tokens that were computed so far, without padding; those of a prompt once where answers share it. */
    long tokens() {
        return tokens;
    }

    /** The share of padding in all tokens that were computed so far; 0 before the first. */
    double padding() {
        return tokens == 0 ? 0 : padded / (double) (tokens + padded);
    }

    private static double[][] grouped(double[] flat, List<? extends List<?>> groups) {
        double[][] grouped = new double[groups.size()][];
        int from = 0;
        for (int i = 0; i < grouped.length; i++) {
            int size = groups.get(i).size();
            grouped[i] = java.util.Arrays.copyOfRange(flat, from, from + size);
            from += size;
        }
        return grouped;
    }

    /** As {@link #run}, each prompt computed once; nothing where that cannot be or does not pay. */
    private Optional<double[][]> inGroups(List<RewardInput> rows, String... outputs) {
        if (groupGraph.isEmpty() || rows.stream().anyMatch(row -> row.promptLength() == 0)) {
            return Optional.empty();
        }
        PromptGroups prompts = new PromptGroups(rows, batch);
        if (!prompts.pays()) {
            return Optional.empty();
        }
        Graph graph = groupGraph.get();
        InferenceSession session = shared.orElseGet(() -> open.apply(graph));
        shared = Optional.of(session);
        tokens += prompts.tokens();
        double[][] results = new double[outputs.length][rows.size()];
        for (List<List<Integer>> part : prompts.batches()) {
            Map<String, Tensor> values = session.run(prompts.inputs(part, graph.hasOutput("value")));
            spread(values, part.stream().flatMap(List::stream).toList(), results, outputs);
        }
        return Optional.of(results);
    }

    private static void spread(Map<String, Tensor> values, List<Integer> rows, double[][] results, String... outputs) {
        for (int output = 0; output < outputs.length; output++) {
            FloatBuffer column = LiveSessions.output(values, outputs[output]).floats();
            for (int i = 0; i < rows.size(); i++) {
                results[output][rows.get(i)] = column.get(i);
            }
        }
    }

    /** The named outputs, each {@code [rows]}, in the order of the names. */
    private double[][] run(
            InferenceSession session,
            List<int[]> rows,
            Optional<List<int[]>> tokenTypes,
            Optional<int[]> promptLengths,
            String... outputs) {
        double[][] results = new double[outputs.length][rows.size()];
        LengthBatches batches =
                new LengthBatches(rows.stream().mapToInt(row -> row.length).toArray(), batch);
        tokens += batches.tokens();
        padded += batches.padding();
        for (List<Integer> part : batches.batches()) {
            List<int[]> sequences = new ArrayList<>();
            part.forEach(row -> sequences.add(rows.get(row)));
            int width = TokenBatch.longest(sequences);
            Map<String, Tensor> inputs = TokenBatch.of(sequences, width, padding);
            tokenTypes.ifPresent(all -> inputs.put(
                    "token_type_ids",
                    TokenBatch.padded(part.stream().map(all::get).toList(), width, 0)));
            promptLengths.ifPresent(lengths -> inputs.put(
                    "prompt_length",
                    Tensor.of(part.stream().mapToLong(row -> lengths[row]).toArray(), part.size(), 1)));
            spread(session.run(inputs), part, results, outputs);
        }
        return results;
    }

    @Override
    public void close() {
        closed = true;
        sessions.forEach(InferenceSession::close);
    }
}
