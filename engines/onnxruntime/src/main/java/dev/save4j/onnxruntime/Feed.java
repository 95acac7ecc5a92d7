package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.SaveException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What is read and written by runs that are repeated with the same tensors, laid out once for {@link NativeRun}. Does not own the tensors, which must be
 * open as long as this is used. Not thread-safe.
 */
final class Feed {
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;
    private final String[] inputNames;
    private final long[] inputHandles;
    private final String[] outputNames;
    private final OnnxValue[] outputValues;
    private final long[] outputHandles;

    /** @param outputs all that a run writes, in the caller's memory */
    Feed(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) {
        this.inputs = new LinkedHashMap<>(inputs);
        this.outputs = new LinkedHashMap<>(outputs);
        inputNames = this.inputs.keySet().toArray(String[]::new);
        outputNames = this.outputs.keySet().toArray(String[]::new);
        outputValues = this.outputs.values().toArray(OnnxValue[]::new);
        inputHandles = handles(this.inputs);
        outputHandles = handles(this.outputs);
    }

    private static long[] handles(Map<String, OnnxTensor> tensors) {
        return tensors.values().stream()
                .mapToLong(tensor -> NativeRun.reachable() ? NativeRun.handle(tensor) : 0)
                .toArray();
    }

    /** Gives one input another tensor. */
    void replace(String input, OnnxTensor tensor) {
        int index = Arrays.asList(inputNames).indexOf(input);
        if (index < 0) {
            throw SaveException.internal("'" + input + "' is none of the inputs " + Arrays.toString(inputNames));
        }
        inputs.put(input, tensor);
        inputHandles[index] = NativeRun.reachable() ? NativeRun.handle(tensor) : 0;
    }

    void run(OrtSession session) throws OrtException {
        if (NativeRun.reachable()) {
            NativeRun.run(session, inputNames, inputHandles, outputNames, outputValues, outputHandles);
        } else {
            session.run(inputs, Set.of(), outputs).close();
        }
    }
}
