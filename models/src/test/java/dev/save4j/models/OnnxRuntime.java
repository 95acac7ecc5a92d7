package dev.save4j.models;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.save4j.graph.Graph;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.WeightPlacement;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.HashMap;
import java.util.Map;

/** Runs a graph on ONNX Runtime with the weights inside the file: the plainest way there is. */
final class OnnxRuntime implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    private final OrtSession session;

    OnnxRuntime(Graph graph, WeightStore weights) {
        try {
            options.setIntraOpNumThreads(1);
            Map<String, Tensor> used = new HashMap<>();
            graph.parameters().keySet().forEach(name -> used.put(name, weights.get(name)));
            session = environment.createSession(OnnxCodec.encode(graph, new WeightPlacement.Inline(used)), options);
        } catch (OrtException error) {
            throw new AssertionError(error);
        }
    }

    static Map<String, Tensor> run(Graph graph, WeightStore weights, Map<String, Tensor> inputs) {
        try (OnnxRuntime runtime = new OnnxRuntime(graph, weights)) {
            return runtime.run(inputs);
        }
    }

    Map<String, Tensor> run(Map<String, Tensor> inputs) {
        Map<String, OnnxTensor> fed = new HashMap<>();
        try {
            for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                Tensor tensor = input.getValue();
                fed.put(
                        input.getKey(),
                        switch (tensor.type()) {
                            case FLOAT -> OnnxTensor.createTensor(environment, tensor.floats(), tensor.shape());
                            case INT64 -> OnnxTensor.createTensor(environment, tensor.longs(), tensor.shape());
                            case INT32 -> OnnxTensor.createTensor(environment, tensor.ints(), tensor.shape());
                            default -> throw new AssertionError(tensor);
                        });
            }
            try (OrtSession.Result result = session.run(fed)) {
                Map<String, Tensor> outputs = new HashMap<>();
                for (Map.Entry<String, OnnxValue> output : result) {
                    OnnxTensor value = (OnnxTensor) output.getValue();
                    Tensor copy = Tensor.allocate(ElementType.FLOAT, ((TensorInfo) value.getInfo()).getShape());
                    copy.bytes().put(value.getByteBuffer());
                    outputs.put(output.getKey(), copy);
                }
                return outputs;
            }
        } catch (OrtException error) {
            throw new AssertionError(error);
        } finally {
            fed.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException error) {
            throw new AssertionError(error);
        }
        options.close();
    }
}
