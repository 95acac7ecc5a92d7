package dev.save4j.cli;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Writes graphs node by node in the manner of {@code torch.onnx}: nodes and values are called after modules, sizes are looked up and put together
 * at run time, numbers are Constant nodes, the weights of linear layers are transposed and anonymous. Weights are random, from one seed.
 */
final class TorchExport {
    private final int opset;
    private final SplittableRandom random = new SplittableRandom(11);
    private final List<ValueInfo> inputs = new ArrayList<>();
    private final List<ValueInfo> outputs = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Tensor> weights = new LinkedHashMap<>();
    private final Map<String, Integer> counts = new LinkedHashMap<>();
    private String scope = "";

    TorchExport(int opset) {
        this.opset = opset;
    }

    int opset() {
        return opset;
    }

    /** The module whose nodes follow, as {@code /encoder/layer.0}. */
    void in(String module) {
        scope = module;
    }

    String input(String name, ElementType element, Object... sizes) {
        inputs.add(new ValueInfo(name, TensorType.of(element, sizes)));
        return name;
    }

    void output(String name, String value, Object... sizes) {
        nodes.add(new Node("", "", "Identity", List.of(value), List.of(name), Map.of()));
        outputs.add(new ValueInfo(name, TensorType.of(ElementType.FLOAT, sizes)));
    }

    String op(String operator, String... operands) {
        return op(operator, Map.of(), operands);
    }

    String op(String operator, Map<String, Attribute> attributes, String... operands) {
        return ops(operator, attributes, 1, operands).get(0);
    }

    List<String> ops(String operator, Map<String, Attribute> attributes, int results, String... operands) {
        String path = scope + "/" + operator;
        int count = counts.merge(path, 1, Integer::sum) - 1;
        String name = count == 0 ? path : path + "_" + count;
        List<String> values = new ArrayList<>();
        for (int i = 0; i < results; i++) {
            values.add(name + "_output_" + i);
        }
        nodes.add(new Node(name, "", operator, List.of(operands), values, attributes));
        return values;
    }

    String constant(Tensor value) {
        return op("Constant", Map.of("value", Attribute.of(value)));
    }

    String ints(long... values) {
        return constant(Tensor.vector(values));
    }

    String integer(long value) {
        return constant(Tensor.scalar(value));
    }

    String number(double value) {
        return constant(Tensor.scalar((float) value));
    }

    /** A tensor that belongs to the model and is no weight. */
    String buffer(String name, Tensor value) {
        buffers.put(name, value);
        return name;
    }

    /** A weight around {@code center}. */
    String weight(String name, double center, double scale, long... shape) {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, shape);
        for (int i = 0; i < tensor.size(); i++) {
            tensor.floats().put(i, (float) (center + scale * (2 * random.nextDouble() - 1)));
        }
        weights.put(name, tensor);
        return name;
    }

    /** One size of a value, a scalar. */
    String size(String value, long axis) {
        return op("Gather", Map.of("axis", Attribute.of(0)), op("Shape", value), integer(axis));
    }

    /** A shape put together from scalars by name and from numbers. */
    String shape(Object... sizes) {
        String[] parts = new String[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            parts[i] = sizes[i] instanceof String scalar ? unsqueeze(scalar, 0) : ints(((Number) sizes[i]).longValue());
        }
        return op("Concat", Map.of("axis", Attribute.of(0)), parts);
    }

    String reshape(String value, Object... sizes) {
        return opset < 14
                ? op("Reshape", value, shape(sizes))
                : op("Reshape", Map.of("allowzero", Attribute.of(0)), value, shape(sizes));
    }

    /** {@code Tensor.expand}: sizes of -1 are replaced by 1 first. */
    String expand(String value, Object... sizes) {
        String target = shape(sizes);
        String ones = op("ConstantOfShape", Map.of("value", Attribute.of(Tensor.vector(1))), op("Shape", target));
        String kept = op("Equal", target, op("Mul", ones, integer(-1)));
        return op("Expand", value, op("Where", kept, ones, target));
    }

    String unsqueeze(String value, long... axes) {
        return opset < 13 ? op("Unsqueeze", Map.of("axes", longs(axes)), value) : op("Unsqueeze", value, ints(axes));
    }

    String transpose(String value, long... permutation) {
        return op("Transpose", Map.of("perm", longs(permutation)), value);
    }

    String cast(String value, ElementType element) {
        return op("Cast", Map.of("to", Attribute.of(element.onnxCode())), value);
    }

    String concat(long axis, String... parts) {
        return op("Concat", Map.of("axis", Attribute.of(axis)), parts);
    }

    /** One axis from a scalar up to a scalar. */
    String slice(String value, long axis, String from, String to) {
        return op("Slice", value, unsqueeze(from, 0), unsqueeze(to, 0), ints(axis), ints(1));
    }

    String mean(String value) {
        return opset < 18 ? op("ReduceMean", Map.of("axes", longs(-1)), value) : op("ReduceMean", value, ints(-1));
    }

    String softmax(String value) {
        return op("Softmax", Map.of("axis", Attribute.of(-1)), value);
    }

    List<String> split(String value, long axis, long... sizes) {
        return opset < 13
                ? ops("Split", Map.of("axis", Attribute.of(axis), "split", longs(sizes)), sizes.length, value)
                : ops("Split", Map.of("axis", Attribute.of(axis)), sizes.length, value, ints(sizes));
    }

    /** A linear layer with a transposed, anonymous weight. */
    String linear(String value, long from, long to) {
        return op(
                "MatMul", value, weight("onnx::MatMul_" + (100 + weights.size()), 0, 1.7 / Math.sqrt(from), from, to));
    }

    String linear(String value, String bias, long from, long to) {
        return op("Add", weight(bias, 0, 0.1, to), linear(value, from, to));
    }

    /** One node from operator set 17 on. */
    String layerNorm(String value, String name, long size, double epsilon) {
        String scale = weight(name + ".weight", 1, 0.2, size);
        String shift = weight(name + ".bias", 0, 0.2, size);
        if (opset >= 17) {
            return op(
                    "LayerNormalization",
                    Map.of("axis", Attribute.of(-1), "epsilon", Attribute.of((float) epsilon)),
                    value,
                    scale,
                    shift);
        }
        String centred = op("Sub", value, mean(value));
        String variance = mean(op("Pow", centred, number(2)));
        String normed = op("Div", centred, op("Sqrt", op("Add", variance, number(epsilon))));
        return op("Add", op("Mul", normed, scale), shift);
    }

    private static Attribute longs(long... values) {
        return new Attribute.Ints(LongStream.of(values).boxed().toList());
    }

    OnnxModel model(String name) {
        Map<String, TensorType> parameters = new LinkedHashMap<>();
        weights.forEach((weight, tensor) -> parameters.put(
                weight,
                TensorType.of(
                        tensor.type(), LongStream.of(tensor.shape()).boxed().toArray())));
        return OnnxModel.of(new Graph(name, Map.of("", opset), inputs, outputs, nodes, buffers, parameters), weights);
    }
}
