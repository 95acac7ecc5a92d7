package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.Node;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxFunction;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Preserved;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * ONNX Runtime still runs the old operator sets itself. What it computes for a graph of an old set is what it must compute for the normalised graph.
 */
class NormalizedGraphsTest {
    private static final Tensor X = random(2, 3, 4);

    private static Tensor random(long... shape) {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, shape);
        SplittableRandom random = new SplittableRandom(Arrays.hashCode(shape));
        for (int i = 0; i < tensor.size(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(-2, 2));
        }
        return tensor;
    }

    private static Node node(String operator, List<String> inputs, List<String> outputs, Object... attributes) {
        Map<String, Attribute> map = new LinkedHashMap<>();
        for (int i = 0; i < attributes.length; i += 2) {
            map.put((String) attributes[i], (Attribute) attributes[i + 1]);
        }
        return new Node("n/" + outputs.get(0), "", operator, inputs, outputs, map);
    }

    private static Node node(String operator, Object... attributes) {
        return node(operator, List.of("x"), List.of("y"), attributes);
    }

    private static Graph graph(int opset, Map<String, Tensor> inputs, Node... nodes) {
        List<ValueInfo> declared = new ArrayList<>();
        inputs.forEach((name, tensor) -> declared.add(new ValueInfo(
                name,
                TensorType.of(
                        tensor.type(), Arrays.stream(tensor.shape()).boxed().toArray()))));
        return new Graph(
                "g",
                Map.of("", opset),
                declared,
                List.of(new ValueInfo(
                        nodes[nodes.length - 1].outputs().get(0), TensorType.unranked(ElementType.FLOAT))),
                List.of(nodes),
                Map.of(),
                Map.of());
    }

    private static void same(int opset, Node... nodes) throws OrtException {
        same(OnnxModel.of(graph(opset, Map.of("x", X), nodes), Map.of()), Map.of("x", X));
    }

    private static void same(OnnxModel old, Map<String, Tensor> inputs) throws OrtException {
        Tensor expected = run(old, inputs);
        Graph normal = GraphNormalizer.normalize(old);
        assertThat(normal.opsets().get("")).isEqualTo(Graph.OPSET);
        Tensor actual = run(OnnxModel.of(normal, Map.of()), inputs);
        assertThat(actual.shape()).isEqualTo(expected.shape());
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.floats().get(i))
                    .isEqualTo(expected.floats().get(i), org.assertj.core.data.Offset.offset(1e-6f));
        }
    }

    private static Tensor run(OnnxModel model, Map<String, Tensor> inputs) throws OrtException {
        OrtEnvironment environment = Natives.environment();
        Map<String, OnnxTensor> fed = new HashMap<>();
        try (OrtSession session = environment.createSession(OnnxCodec.encode(model))) {
            for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                fed.put(
                        input.getKey(),
                        OnnxTensor.createTensor(
                                environment,
                                input.getValue().bytes(),
                                input.getValue().shape(),
                                OnnxJavaType.FLOAT));
            }
            try (OrtSession.Result result = session.run(fed)) {
                OnnxTensor output = (OnnxTensor) result.get(0);
                Tensor copy =
                        Tensor.allocate(ElementType.FLOAT, output.getInfo().getShape());
                ByteBuffer bytes = output.getByteBuffer().order(ByteOrder.nativeOrder());
                copy.bytes().put(bytes);
                return copy;
            }
        } finally {
            fed.values().forEach(OnnxTensor::close);
        }
    }

    @Test
    void axesAsAttributes() throws OrtException {
        same(11, node("Unsqueeze", "axes", Attribute.ofInts(0, 2)));
        same(
                11,
                node("Unsqueeze", List.of("x"), List.of("u"), "axes", Attribute.ofInts(1)),
                node("Squeeze", List.of("u"), List.of("y"), "axes", Attribute.ofInts(1)));
        for (String operator : new String[] {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp"}) {
            same(11, node(operator, "axes", Attribute.ofInts(0, -1), "keepdims", Attribute.of(0)));
            same(11, node(operator, "axes", Attribute.ofInts(1)));
            same(11, node(operator));
        }
        same(17, node("ReduceMean", "axes", Attribute.ofInts(2)));
    }

    @Test
    void softmaxThatFlattens() throws OrtException {
        for (String operator : new String[] {"Softmax", "LogSoftmax", "Hardmax"}) {
            same(11, node(operator));
            for (int axis = -3; axis < 3; axis++) {
                same(12, node(operator, "axis", Attribute.of(axis)));
                same(13, node(operator, "axis", Attribute.of(axis)));
            }
        }
    }

    @Test
    void boundsSizesAndPadsAsAttributes() throws OrtException {
        same(
                9,
                node(
                        "Slice",
                        "starts",
                        Attribute.ofInts(1, -3),
                        "ends",
                        Attribute.ofInts(9, -1),
                        "axes",
                        Attribute.ofInts(0, 2)));
        same(9, node("Slice", "starts", Attribute.ofInts(0, 1), "ends", Attribute.ofInts(1, 3)));
        same(10, node("Pad", "pads", Attribute.ofInts(0, 1, 0, 2, 0, 1), "value", Attribute.of(1.5f)));
        same(10, node("Pad", "pads", Attribute.ofInts(0, 1, 0, 0, 0, 1), "mode", Attribute.of("reflect")));
        same(7, node("Clip", "min", Attribute.of(-0.5f), "max", Attribute.of(0.5f)));
        same(10, node("Clip", "max", Attribute.of(0.25f)));
        same(9, node("TopK", List.of("x"), List.of("y", "i"), "k", Attribute.of(2), "axis", Attribute.of(1)));
        same(9, node("TopK", List.of("x"), List.of("y", "i"), "k", Attribute.of(3)));
        same(
                11,
                node(
                        "Split",
                        List.of("x"),
                        List.of("y", "z"),
                        "split",
                        Attribute.ofInts(1, 3),
                        "axis",
                        Attribute.of(2)));
        same(13, node("Split", List.of("x"), List.of("y", "z"), "axis", Attribute.of(2)));
        same(11, node("Split", List.of("x"), List.of("y", "z")));
    }

    @Test
    void operatorsThatChangedTheirFormOrName() throws OrtException {
        same(9, node("Dropout", "ratio", Attribute.of(0.4f)));
        same(13, node("Dropout"));
        same(24, node("Swish", "alpha", Attribute.of(1.5f)));
        same(9, node("Flatten", "axis", Attribute.of(2)));
        same(
                9,
                node(
                        "Constant",
                        List.of(),
                        List.of("i"),
                        "value",
                        Attribute.of(Tensor.of(new long[] {1, 0, 1, 1}, 1, 1, 4))),
                node("Constant", List.of(), List.of("u"), "value", Attribute.of(random(1, 1, 4))),
                node("Scatter", List.of("x", "i", "u"), List.of("y"), "axis", Attribute.of(1)));
        Map<String, Tensor> inputs = new LinkedHashMap<>(Map.of("x", X));
        for (String name : new String[] {"scale", "bias", "mean", "variance"}) {
            Tensor values = random(3, name.length()).reshaped(3L * name.length());
            Tensor three = Tensor.allocate(ElementType.FLOAT, 3);
            for (int i = 0; i < 3; i++) {
                three.floats().put(i, 0.5f + Math.abs(values.floats().get(i)));
            }
            inputs.put(name, three);
        }
        for (int opset : new int[] {7, 9, 15}) {
            same(
                    OnnxModel.of(
                            graph(
                                    opset,
                                    inputs,
                                    node(
                                            "BatchNormalization",
                                            List.of("x", "scale", "bias", "mean", "variance"),
                                            List.of("y"),
                                            "momentum",
                                            Attribute.of(0.7f))),
                            Map.of()),
                    inputs);
        }
    }

    @Test
    void functionsOfTheModel() throws OrtException {
        OnnxFunction function = new OnnxFunction(
                "local",
                "ScaledSoftmax",
                "",
                List.of("a"),
                List.of("b"),
                List.of("slope"),
                Map.of("by", Attribute.of(3f)),
                Map.of("", 17),
                List.of(
                        node("Constant", List.of(), List.of("factor"), "value_float", new Attribute.Reference("by", 1)),
                        node("Mul", List.of("a", "factor"), List.of("product")),
                        node(
                                "LeakyRelu",
                                List.of("product"),
                                List.of("leaked"),
                                "alpha",
                                new Attribute.Reference("slope", 1)),
                        node("Softmax", List.of("leaked"), List.of("b"), "axis", Attribute.of(1))),
                Preserved.NOTHING);
        Node first = new Node(
                "first", "local", "ScaledSoftmax", List.of("x"), List.of("m"), Map.of("slope", Attribute.of(0.3f)));
        Node second = new Node(
                "second",
                "local",
                "ScaledSoftmax",
                List.of("m"),
                List.of("y"),
                Map.of("slope", Attribute.of(0.1f), "by", Attribute.of(5f)));
        Graph plain = graph(17, Map.of("x", X), first, second);
        Graph graph = new Graph(
                "g", Map.of("", 17, "local", 1), plain.inputs(), plain.outputs(), plain.nodes(), Map.of(), Map.of());
        OnnxModel empty = OnnxModel.of(graph, Map.of());
        OnnxModel model = new OnnxModel(
                graph, Map.of(), empty.irVersion(), "", "", "", 0, "", Map.of(), List.of(function), Preserved.NOTHING);
        same(model, Map.of("x", X));
    }
}
