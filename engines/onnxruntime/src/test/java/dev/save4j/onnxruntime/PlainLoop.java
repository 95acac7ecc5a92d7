package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.engine.Completion;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Sampling as it is usually written over an exported decoder: one group after the other, the prompt is fed for each answer, the library returns a longer
 * cache in every step, which is fed back, and a batch goes on until its longest answer ends.
 */
final class PlainLoop implements AutoCloseable {
    private final TinyLlama llama;
    private final BoundGraph graph;
    private final Set<String> outputs;

    PlainLoop(TinyLlama llama, WeightStore weights, EngineSettings settings) {
        this.llama = llama;
        this.graph = BoundGraph.open(llama.exported(), weights, WeightBinding.PREPACKED, settings);
        this.outputs = llama.exported().outputs().stream()
                .map(ValueInfo::name)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    List<List<Completion>> generate(List<RolloutRequest> requests, Sampling sampling) throws OrtException {
        List<List<Completion>> all = new ArrayList<>();
        for (RolloutRequest request : requests) {
            all.add(group(request, sampling));
        }
        return all;
    }

    private List<Completion> group(RolloutRequest request, Sampling sampling) throws OrtException {
        Sampler sampler = new Sampler(llama.vocabulary(), sampling);
        int length = request.prompt().length;
        Sequence[] sequences = IntStream.range(0, request.completions())
                .mapToObj(i -> {
                    Sequence sequence = new Sequence(sampling.maxTokens());
                    sequence.begin(0, i, length, sampling.maxTokens(), Streams.of(request.seed(), i));
                    return sequence;
                })
                .toArray(Sequence[]::new);
        long[] ids = new long[sequences.length * length];
        Arrays.setAll(ids, i -> request.prompt()[i % length]);
        Map<String, OnnxTensor> past = emptyCache(sequences.length);
        int cached = 0;
        while (true) {
            int fresh = ids.length / sequences.length;
            OrtSession.Result result = run(ids, past, cached, fresh);
            Natives.closeAll(past.values());
            past = cache(result);
            cached += fresh;
            OnnxTensor logits = (OnnxTensor) result.get("logits").orElseThrow();
            ids = draw(sampler, sequences, logits.getFloatBuffer(), fresh);
            logits.close();
            if (Arrays.stream(sequences).allMatch(Sequence::ended)) {
                Natives.closeAll(past.values());
                return Arrays.stream(sequences).map(Sequence::toCompletion).toList();
            }
        }
    }

    private OrtSession.Result run(long[] ids, Map<String, OnnxTensor> past, int cached, int fresh) throws OrtException {
        int rows = ids.length / fresh;
        long[] mask = new long[rows * (cached + fresh)];
        Arrays.fill(mask, 1);
        long[] positions = new long[ids.length];
        Arrays.setAll(positions, i -> cached + i % fresh);
        try (OnnxTensor tokens = Natives.wrap(Tensor.of(ids, rows, fresh));
                OnnxTensor masks = Natives.wrap(Tensor.of(mask, rows, cached + fresh));
                OnnxTensor places = Natives.wrap(Tensor.of(positions, rows, fresh))) {
            Map<String, OnnxTensor> fed = new HashMap<>(past);
            fed.putAll(Map.of("input_ids", tokens, "attention_mask", masks, "position_ids", places));
            return graph.run(fed, outputs, Map.of());
        }
    }

    /** The next token of each answer; 0 for those that have ended. */
    private long[] draw(Sampler sampler, Sequence[] sequences, FloatBuffer logits, int fresh) {
        long[] next = new long[sequences.length];
        for (int i = 0; i < next.length; i++) {
            if (!sequences[i].ended()) {
                int last = (i * fresh + fresh - 1) * llama.vocabulary();
                int token = sampler.sample(logits, last, sequences[i].stream());
                sequences[i].append(token, sampler.logProb(), sampler.isStop(token));
                next[i] = token;
            }
        }
        return next;
    }

    private Map<String, OnnxTensor> emptyCache(int rows) throws OrtException {
        Map<String, OnnxTensor> past = new HashMap<>();
        for (String output : outputs) {
            if (!output.equals("logits")) {
                Tensor nothing = Tensor.allocate(ElementType.FLOAT, rows, llama.kvHeads(), 0, llama.headSize());
                past.put(pastOf(output), Natives.wrap(nothing));
            }
        }
        return past;
    }

    private Map<String, OnnxTensor> cache(OrtSession.Result result) {
        Map<String, OnnxTensor> past = new HashMap<>();
        for (String output : outputs) {
            if (!output.equals("logits")) {
                past.put(pastOf(output), (OnnxTensor) result.get(output).orElseThrow());
            }
        }
        return past;
    }

    private static String pastOf(String present) {
        return present.replace("present", "past_key_values");
    }

    @Override
    public void close() {
        graph.close();
    }
}
