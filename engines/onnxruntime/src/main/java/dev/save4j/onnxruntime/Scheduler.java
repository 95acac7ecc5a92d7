package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.Sampling;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * One call of {@link dev.save4j.engine.RolloutSession#generate}: keeps as many rows of the decoder's memory busy as there is work for. Sequences that
 * are being decoded lie in the first {@code active} rows. When one ends, the last active row takes its place, and the next completions are admitted
 * behind the others at once.
 *
 * <p>A prompt is fed once for all its completions: any row that holds it, still decoding or not yet overwritten, is copied for the next one,
 * together with the logits behind the prompt. Nothing is allocated per token.
 */
final class Scheduler {
    private final BoundGraph graph;
    private final DecoderMemory memory;
    private final int vocabulary;
    private final int maxLength;
    private final Sampler sampler;
    private final Sampling sampling;
    private final List<RolloutRequest> requests;
    private final boolean sharePrompts;
    private final IntConsumer progress;

    private final FloatBuffer logits;
    private final LongBuffer tokens;
    private final LongBuffer lastPositions;
    private final IntBuffer lengths;
    private final IntBuffer longest;

    private final Sequence[] rows;
    /** By row: the request whose prompt its cache begins with, or -1. */
    private final int[] prompts;

    private int active;

    private final int[][] ids;
    private final Completion[][] completions;
    /** By request: completions that were given a row. */
    private final int[] started;

    private int firstWaiting;
    /** The logits behind the prompts of requests of which some completions still wait. */
    private final Map<Integer, float[]> promptLogits = new HashMap<>();

    private int finished;

    Scheduler(
            BoundGraph graph,
            DecoderMemory memory,
            DecoderGraph decoder,
            List<RolloutRequest> requests,
            Sampling sampling,
            boolean sharePrompts,
            IntConsumer progress) {
        this.graph = graph;
        this.memory = memory;
        this.vocabulary = decoder.vocabulary();
        this.maxLength = decoder.maxLength();
        this.sampler = new Sampler(vocabulary, sampling);
        this.sampling = sampling;
        this.requests = requests;
        this.sharePrompts = sharePrompts;
        this.progress = progress;
        this.logits = memory.logits();
        this.tokens = memory.tokens();
        this.lastPositions = memory.lastPositions();
        this.lengths = memory.lengths();
        this.longest = memory.longest();
        this.rows = new Sequence[memory.rows()];
        this.prompts = new int[memory.rows()];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = new Sequence(Math.min(sampling.maxTokens(), maxLength));
            prompts[row] = -1;
        }
        this.ids = requests.stream().map(RolloutRequest::prompt).toArray(int[][]::new);
        this.completions = requests.stream()
                .map(request -> new Completion[request.completions()])
                .toArray(Completion[][]::new);
        this.started = new int[requests.size()];
    }

    List<List<Completion>> run() throws OrtException {
        admitAndSample();
        while (active > 0) {
            step();
            sample(0);
            admitAndSample();
        }
        return Arrays.stream(completions).map(List::of).toList();
    }

    /** Until nothing waits or all rows are busy: a completion can end with its first token and free its row again. */
    private void admitAndSample() throws OrtException {
        while (firstWaiting < ids.length && active < rows.length) {
            int first = active;
            admit();
            sample(first);
        }
    }

    private void step() throws OrtException {
        int most = 0;
        for (int row = 0; row < active; row++) {
            lengths.put(row, rows[row].cached());
            lastPositions.put(row, 0);
            tokens.put(row, rows[row].feed());
            most = Math.max(most, rows[row].cached());
        }
        longest.put(0, most);
        memory.step(graph, active);
    }

    /** Draws a token for each row from {@code first} on, and takes out what ended. */
    private void sample(int first) {
        for (int row = first; row < active; row++) {
            int token = sampler.sample(logits, row * vocabulary, rows[row].stream());
            rows[row].append(token, sampler.logProb(), sampler.isStop(token));
        }
        int before = finished;
        for (int row = active - 1; row >= first; row--) {
            if (rows[row].ended()) {
                finish(row);
            }
        }
        if (finished > before) {
            progress.accept(finished);
        }
    }

    private void finish(int row) {
        Sequence ended = rows[row];
        completions[ended.request()][ended.completion()] = ended.toCompletion();
        finished++;
        active--;
        if (row < active) {
            memory.copyCache(active, row, rows[active].cached());
            prompts[row] = prompts[active];
            rows[row] = rows[active];
            rows[active] = ended;
        }
    }

    /** Gives the free rows to the next completions, in the order of the requests. */
    private void admit() throws OrtException {
        List<Integer> rest = new ArrayList<>();
        // Copies come first: what holds a prompt may lie where others are about to be written.
        for (int request : waiting(rows.length - active)) {
            if (!startBesideAnother(request)) {
                rest.add(request);
            }
        }
        List<Integer> fed = sharePrompts ? new ArrayList<>(new LinkedHashSet<>(rest)) : rest;
        prefill(fed);
        if (sharePrompts) {
            Set<Integer> once = new LinkedHashSet<>(fed);
            for (int request : rest) {
                if (!once.remove(request)) {
                    startBesideAnother(request);
                }
            }
        }
        while (firstWaiting < ids.length && started[firstWaiting] == completions[firstWaiting].length) {
            promptLogits.remove(firstWaiting);
            firstWaiting++;
        }
    }

    /** The requests of the next completions, once for each. */
    private List<Integer> waiting(int count) {
        List<Integer> next = new ArrayList<>();
        for (int request = firstWaiting; request < ids.length && next.size() < count; request++) {
            int left = Math.min(completions[request].length - started[request], count - next.size());
            for (int i = 0; i < left; i++) {
                next.add(request);
            }
        }
        return next;
    }

    /** Starts a completion from a row that holds its prompt; false when there is none. */
    private boolean startBesideAnother(int request) {
        float[] known = promptLogits.get(request);
        int source = rowWithPrompt(request);
        if (known == null || source < 0) {
            return false;
        }
        if (source != active) {
            memory.copyCache(source, active, ids[request].length);
        }
        logits.put(active * vocabulary, known);
        start(request);
        return true;
    }

    private int rowWithPrompt(int request) {
        for (int row = 0; row < prompts.length; row++) {
            if (prompts[row] == request) {
                return row;
            }
        }
        return -1;
    }

    /** Starts one completion of each request, from the longest prompt to the shortest, several prompts in one run. */
    private void prefill(List<Integer> fed) throws OrtException {
        int[] order = fed.stream()
                .sorted((left, right) -> Integer.compare(ids[right].length, ids[left].length))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] sizes = Arrays.stream(order).map(request -> ids[request].length).toArray();
        for (int from = 0; from < order.length; ) {
            int count = Prefill.batch(sizes, from);
            for (int i = 0; i < count; i++) {
                int[] prompt = ids[order[from + i]];
                for (int t = 0; t < sizes[from]; t++) {
                    tokens.put(i * sizes[from] + t, t < prompt.length ? prompt[t] : 0);
                }
                lastPositions.put(i, prompt.length - 1);
                lengths.put(i, prompt.length - 1);
            }
            longest.put(0, sizes[from]);
            memory.prefill(graph, active, count, sizes[from]);
            for (int i = 0; i < count; i++) {
                int request = order[from + i];
                if (sharePrompts && completions[request].length > 1) {
                    float[] behind = new float[vocabulary];
                    logits.get(active * vocabulary, behind);
                    promptLogits.put(request, behind);
                }
                start(request);
            }
            from += count;
        }
    }

    /** Gives the next completion of a request the first free row, which holds its prompt. */
    private void start(int request) {
        int completion = started[request]++;
        int prompt = ids[request].length;
        rows[active].begin(
                request,
                completion,
                prompt,
                Math.min(sampling.maxTokens(), maxLength - prompt),
                Streams.of(requests.get(request).seed(), completion));
        prompts[active] = request;
        active++;
    }
}
