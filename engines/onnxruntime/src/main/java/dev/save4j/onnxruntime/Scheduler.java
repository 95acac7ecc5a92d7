package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.Sampling;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
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
    private final Lanes lanes;
    private final DecoderMemory memory;
    private final int vocabulary;
    private final int maxLength;
    private final Sampling sampling;
    private final List<RolloutRequest> requests;
    private final boolean sharePrompts;
    private final IntConsumer progress;
    private final FloatBuffer logits;

    private final Sequence[] rows;
    /** By row: the request whose prompt its cache begins with, or -1. */
    private final int[] prompts;

    private int active;

    private final int[][] ids;
    private final Completion[][] completions;
    /** By request: completions that were given a row. */
    private final int[] started;

    /** The first request of which completions wait for a row, and the only one of which others may have been given theirs. */
    private int firstWaiting;
    /** The logits behind the prompt of that request, once some of its completions were given a row. */
    private float[] keptLogits = {};

    private int keptRequest = -1;
    private int finished;

    Scheduler(
            Lanes lanes,
            DecoderGraph decoder,
            List<RolloutRequest> requests,
            Sampling sampling,
            boolean sharePrompts,
            IntConsumer progress) {
        this.lanes = lanes;
        this.memory = lanes.memory();
        this.vocabulary = decoder.vocabulary();
        this.maxLength = decoder.maxLength();
        this.sampling = sampling;
        this.requests = requests;
        this.sharePrompts = sharePrompts;
        this.progress = progress;
        this.logits = memory.logits();
        this.rows = lanes.rows();
        this.prompts = new int[rows.length];
        Arrays.fill(prompts, -1);
        this.ids = requests.stream().map(RolloutRequest::prompt).toArray(int[][]::new);
        this.completions = requests.stream()
                .map(request -> new Completion[request.completions()])
                .toArray(Completion[][]::new);
        this.started = new int[requests.size()];
    }

    List<List<Completion>> run() throws OrtException {
        admitAll();
        while (active > 0) {
            lanes.step(active);
            finish(0);
            admitAll();
        }
        return Arrays.stream(completions).map(List::of).toList();
    }

    /** Until nothing waits or all rows are busy: a completion can end with its first token and free its row again. */
    private void admitAll() throws OrtException {
        while (firstWaiting < ids.length && active < rows.length) {
            int first = active;
            admit();
            lanes.draw(first, active - first);
            finish(first);
        }
    }

    /** Takes out what ended, of the rows from {@code first} on. */
    private void finish(int first) {
        int before = finished;
        for (int row = active - 1; row >= first; row--) {
            if (rows[row].ended()) {
                finishRow(row);
            }
        }
        if (finished > before) {
            progress.accept(finished);
        }
    }

    private void finishRow(int row) {
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
            if (!continueGroup(request)) {
                rest.add(request);
            }
        }
        Set<Integer> once = new LinkedHashSet<>(rest);
        prefill(sharePrompts ? List.copyOf(once) : rest);
        if (sharePrompts) {
            for (int request : rest) {
                if (!once.remove(request)) {
                    startBeside(rowWithPrompt(request), request);
                }
            }
        }
        while (firstWaiting < ids.length && started[firstWaiting] == completions[firstWaiting].length) {
            firstWaiting++;
        }
        keepLogits();
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

    /** Starts a completion of which others were started before; false when no row holds its prompt any more, or none was started. */
    private boolean continueGroup(int request) {
        int source = request == keptRequest ? rowWithPrompt(request) : -1;
        if (source < 0) {
            return false;
        }
        copyPrompt(source, request);
        logits.put(active * vocabulary, keptLogits);
        start(request);
        return true;
    }

    /** Starts a completion of which another was just started, in a row that still has the logits behind the prompt. */
    private void startBeside(int source, int request) {
        copyPrompt(source, request);
        logits.put(active * vocabulary, logits, source * vocabulary, vocabulary);
        start(request);
    }

    private void copyPrompt(int source, int request) {
        if (source != active) {
            memory.copyCache(source, active, ids[request].length);
        }
    }

    private int rowWithPrompt(int request) {
        for (int row = 0; row < prompts.length; row++) {
            if (prompts[row] == request) {
                return row;
            }
        }
        return -1;
    }

    /** Before the rows that were just started go on: the logits for completions that have to wait. */
    private void keepLogits() {
        boolean partly = sharePrompts && firstWaiting < ids.length && started[firstWaiting] > 0;
        if (!partly || keptRequest == firstWaiting) {
            return;
        }
        if (keptLogits.length == 0) {
            keptLogits = new float[vocabulary];
        }
        keptRequest = firstWaiting;
        logits.get(rowWithPrompt(firstWaiting) * vocabulary, keptLogits);
    }

    /** Starts one completion of each request, from the longest prompt to the shortest. */
    private void prefill(List<Integer> fed) throws OrtException {
        if (fed.isEmpty()) {
            return;
        }
        int[] order = fed.stream()
                .sorted((left, right) -> Integer.compare(ids[right].length, ids[left].length))
                .mapToInt(Integer::intValue)
                .toArray();
        lanes.prefill(Arrays.stream(order).mapToObj(request -> ids[request]).toArray(int[][]::new), active);
        for (int request : order) {
            start(request);
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
