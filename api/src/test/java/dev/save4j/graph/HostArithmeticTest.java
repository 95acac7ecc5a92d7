package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HostArithmeticTest {
    private static HostTensor longs(long[] shape, long... values) {
        return new HostTensor(ElementType.INT64, values, shape);
    }

    private static HostTensor bools(long... values) {
        return new HostTensor(ElementType.BOOL, values, new long[] {values.length});
    }

    private static HostTensor scalar(long value) {
        return HostTensor.scalar(ElementType.INT64, value);
    }

    private static List<HostTensor> all(
            String operator, Map<String, Attribute> attributes, int outputs, HostTensor... operands) {
        List<String> inputs =
                IntStream.range(0, operands.length).mapToObj(i -> "in" + i).toList();
        List<String> results =
                IntStream.range(0, outputs).mapToObj(i -> "out" + i).toList();
        return HostArithmetic.evaluate(
                new Node("it", "", operator, inputs, results, attributes), index -> operands[index]);
    }

    private static HostTensor one(String operator, Map<String, Attribute> attributes, HostTensor... operands) {
        return all(operator, attributes, 1, operands).get(0);
    }

    private static HostTensor one(String operator, HostTensor... operands) {
        return one(operator, Map.of(), operands);
    }

    @Test
    void divisionTruncatesAndModFloors() {
        HostTensor dividends = HostTensor.vector(7, -7, 7, -7);
        HostTensor divisors = HostTensor.vector(2, 2, -2, -2);
        assertThat(one("Div", dividends, divisors).values()).containsExactly(3, -3, -3, 3);
        assertThat(one("Mod", dividends, divisors).values()).containsExactly(1, 1, -1, -1);
        assertThat(one("Mod", Map.of("fmod", Attribute.of(1)), dividends, divisors)
                        .values())
                .containsExactly(1, -1, 1, -1);
    }

    @Test
    void operandsBroadcast() {
        HostTensor column = longs(new long[] {3, 1}, 0, 10, 20);
        HostTensor sum = one("Add", column, HostTensor.vector(1, 2));
        assertThat(sum).isEqualTo(longs(new long[] {3, 2}, 1, 2, 11, 12, 21, 22));
        assertThat(one("Sub", scalar(1), HostTensor.vector(1, 2)).values()).containsExactly(0, -1);
        assertThat(one("Max", HostTensor.vector(1, 5), scalar(3), HostTensor.vector(4, 0))
                        .values())
                .containsExactly(4, 5);
        HostTensor choice = one("Where", bools(1, 0), column, scalar(-1));
        assertThat(choice).isEqualTo(longs(new long[] {3, 2}, 0, -1, 10, -1, 20, -1));
    }

    @Test
    void narrowIntegersWrap() {
        HostTensor large = new HostTensor(ElementType.INT32, new long[] {Integer.MAX_VALUE}, new long[] {1});
        HostTensor one = new HostTensor(ElementType.INT32, new long[] {1}, new long[] {1});
        assertThat(one("Add", large, one).values()).containsExactly(Integer.MIN_VALUE);
        assertThat(one("Cast", Map.of("to", Attribute.of(ElementType.UINT8.onnxCode())), HostTensor.vector(-1, 256))
                        .values())
                .containsExactly(255, 0);
        assertThat(one("Cast", Map.of("to", Attribute.of(ElementType.BOOL.onnxCode())), HostTensor.vector(-3, 0)))
                .isEqualTo(bools(1, 0));
    }

    @Test
    void comparisonsAreBoolean() {
        HostTensor left = HostTensor.vector(1, 2, 3);
        assertThat(one("Less", left, scalar(2))).isEqualTo(bools(1, 0, 0));
        assertThat(one("LessOrEqual", left, scalar(2))).isEqualTo(bools(1, 1, 0));
        assertThat(one("Greater", left, scalar(2))).isEqualTo(bools(0, 0, 1));
        assertThat(one("GreaterOrEqual", left, scalar(2))).isEqualTo(bools(0, 1, 1));
        assertThat(one("Equal", left, scalar(2))).isEqualTo(bools(0, 1, 0));
        assertThat(one("Not", bools(1, 0))).isEqualTo(bools(0, 1));
        assertThat(one("Xor", bools(1, 1), bools(1, 0))).isEqualTo(bools(0, 1));
        assertThat(one("And", bools(1, 1), bools(1, 0))).isEqualTo(bools(1, 0));
        assertThat(one("Or", bools(0, 1), bools(0, 0))).isEqualTo(bools(0, 1));
    }

    @Test
    void slicesFollowPython() {
        HostTensor vector = HostTensor.vector(0, 1, 2, 3, 4, 5);
        assertThat(slice(vector, -3, Long.MAX_VALUE, 1)).containsExactly(3, 4, 5);
        assertThat(slice(vector, -1, Long.MIN_VALUE, -2)).containsExactly(5, 3, 1);
        assertThat(slice(vector, 0, 100, 4)).containsExactly(0, 4);
        assertThat(slice(vector, 4, 2, 1)).isEmpty();
        assertThat(slice(vector, 3, 0, -1)).containsExactly(3, 2, 1);
        HostTensor matrix = longs(new long[] {2, 3}, 0, 1, 2, 3, 4, 5);
        HostTensor corner =
                one("Slice", matrix, HostTensor.vector(1, 1), HostTensor.vector(2, 3), HostTensor.vector(0, -1));
        assertThat(corner).isEqualTo(longs(new long[] {1, 2}, 4, 5));
    }

    private static long[] slice(HostTensor vector, long from, long to, long step) {
        return one(
                        "Slice",
                        vector,
                        HostTensor.vector(from),
                        HostTensor.vector(to),
                        HostTensor.vector(0),
                        HostTensor.vector(step))
                .values();
    }

    @Test
    void shapesAreComputed() {
        HostTensor cube = longs(new long[] {1, 2, 3}, 0, 1, 2, 3, 4, 5);
        assertThat(one("Shape", Map.of("start", Attribute.of(-2)), cube).values())
                .containsExactly(2, 3);
        assertThat(one("Shape", Map.of("start", Attribute.of(0), "end", Attribute.of(1)), cube)
                        .values())
                .containsExactly(1);
        assertThat(one("Size", cube).item()).isEqualTo(6);
        assertThat(one("Reshape", cube, HostTensor.vector(0, -1, 2)).shape()).containsExactly(1, 3, 2);
        assertThat(one("Unsqueeze", cube, HostTensor.vector(-1, 0)).shape()).containsExactly(1, 1, 2, 3, 1);
        assertThat(one("Squeeze", cube, HostTensor.vector(0)).shape()).containsExactly(2, 3);
        assertThat(one("Squeeze", cube).shape()).containsExactly(2, 3);
        assertThat(one("Flatten", Map.of("axis", Attribute.of(-1)), cube).shape())
                .containsExactly(2, 3);
        assertThat(one("Transpose", cube)).isEqualTo(longs(new long[] {3, 2, 1}, 0, 3, 1, 4, 2, 5));
        assertThat(one("Transpose", Map.of("perm", Attribute.ofInts(2, 0, 1)), cube))
                .isEqualTo(longs(new long[] {3, 1, 2}, 0, 3, 1, 4, 2, 5));
        assertThat(one("Expand", HostTensor.vector(1, 2), HostTensor.vector(2, 1)))
                .isEqualTo(longs(new long[] {2, 2}, 1, 2, 1, 2));
        assertThat(one("Tile", HostTensor.vector(1, 2), HostTensor.vector(2)).values())
                .containsExactly(1, 2, 1, 2);
        assertThat(one("Concat", Map.of("axis", Attribute.of(-1)), cube, cube))
                .isEqualTo(longs(new long[] {1, 2, 6}, 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5));
    }

    @Test
    void partsOfSplit() {
        HostTensor vector = HostTensor.vector(0, 1, 2, 3, 4);
        List<HostTensor> given = all("Split", Map.of(), 2, vector, HostTensor.vector(1, 4));
        assertThat(given.get(1).values()).containsExactly(1, 2, 3, 4);
        List<HostTensor> equal = all("Split", Map.of("num_outputs", Attribute.of(3)), 3, vector);
        assertThat(equal.stream().map(HostTensor::size)).containsExactly(2, 2, 1);
    }

    @Test
    void lookups() {
        HostTensor matrix = longs(new long[] {2, 3}, 0, 1, 2, 3, 4, 5);
        assertThat(one("Gather", matrix, HostTensor.vector(-1))).isEqualTo(longs(new long[] {1, 3}, 3, 4, 5));
        assertThat(one("Gather", Map.of("axis", Attribute.of(1)), matrix, scalar(2)))
                .isEqualTo(longs(new long[] {2}, 2, 5));
        HostTensor columns = longs(new long[] {2, 1}, 2, -3);
        assertThat(one("GatherElements", Map.of("axis", Attribute.of(1)), matrix, columns))
                .isEqualTo(longs(new long[] {2, 1}, 2, 3));
        assertThat(one("GatherND", Map.of("batch_dims", Attribute.of(1)), matrix, columns))
                .isEqualTo(longs(new long[] {2}, 2, 3));
        HostTensor pairs = longs(new long[] {2, 2}, 0, 1, -1, -1);
        assertThat(one("GatherND", matrix, pairs)).isEqualTo(longs(new long[] {2}, 1, 5));
        assertThat(one("NonZero", longs(new long[] {2, 2}, 0, 7, 8, 0)))
                .isEqualTo(longs(new long[] {2, 2}, 0, 1, 1, 0));
    }

    @Test
    void reductions() {
        HostTensor matrix = longs(new long[] {2, 3}, 5, 1, 2, 3, 9, 4);
        Map<String, Attribute> drop = Map.of("keepdims", Attribute.of(0));
        assertThat(one("ReduceSum", drop, matrix, HostTensor.vector(0)).values())
                .containsExactly(8, 10, 6);
        assertThat(one("ReduceMax", matrix, HostTensor.vector(-1))).isEqualTo(longs(new long[] {2, 1}, 5, 9));
        assertThat(one("ReduceMin", drop, matrix).item()).isEqualTo(1);
        assertThat(one("ReduceProd", drop, matrix, HostTensor.vector(1)).values())
                .containsExactly(10, 108);
        assertThat(one("ReduceSum", Map.of("noop_with_empty_axes", Attribute.of(1)), matrix))
                .isEqualTo(matrix);
        assertThat(one("CumSum", matrix, scalar(1)).values()).containsExactly(5, 6, 8, 3, 12, 16);
        assertThat(one("CumSum", Map.of("exclusive", Attribute.of(1), "reverse", Attribute.of(1)), matrix, scalar(1))
                        .values())
                .containsExactly(3, 2, 0, 13, 4, 0);
        assertThat(one("CumSum", matrix, scalar(0)).values()).containsExactly(5, 1, 2, 8, 10, 6);
        assertThat(one("ArgMax", drop, matrix).values()).containsExactly(0, 1, 1);
        Map<String, Attribute> last = Map.of("axis", Attribute.of(1), "select_last_index", Attribute.of(1));
        assertThat(one("ArgMin", last, longs(new long[] {1, 3}, 1, 1, 2))).isEqualTo(longs(new long[] {1, 1}, 1));
    }

    @Test
    void rangesAndMasks() {
        assertThat(one("Range", scalar(3), scalar(9), scalar(3)).values()).containsExactly(3, 6);
        assertThat(one("Range", scalar(5), scalar(0), scalar(-2)).values()).containsExactly(5, 3, 1);
        assertThat(one("Range", scalar(5), scalar(0), scalar(1)).values()).isEmpty();
        HostTensor ones = new HostTensor(ElementType.BOOL, new long[] {1, 1, 1, 1}, new long[] {2, 2});
        assertThat(one("Trilu", Map.of("upper", Attribute.of(0)), ones).values())
                .containsExactly(1, 0, 1, 1);
        assertThat(one("Trilu", ones, scalar(1)).values()).containsExactly(0, 1, 0, 0);
        Tensor value = Tensor.of(new int[] {7}, 1);
        assertThat(one("ConstantOfShape", Map.of("value", Attribute.of(value)), HostTensor.vector(2)))
                .isEqualTo(new HostTensor(ElementType.INT32, new long[] {7, 7}, new long[] {2}));
        assertThat(one("Clip", HostTensor.vector(-5, 0, 5), scalar(-1), scalar(2))
                        .values())
                .containsExactly(-1, 0, 2);
    }

    @Test
    void errorsNameTheNode() {
        HostTensor vector = HostTensor.vector(1, 2, 3);
        assertThatThrownBy(() -> one("Gather", vector, scalar(3)))
                .isInstanceOf(SaveException.class)
                .hasMessage("node 'it' (Gather): index 3 is outside the 3 rows of its operand");
        assertThatThrownBy(() -> one("Div", vector, scalar(0))).hasMessageContaining("by zero");
        assertThatThrownBy(() -> one("Add", vector, HostTensor.vector(1, 2)))
                .hasMessage("node 'it' (Add): the shapes [[3], [2]] do not broadcast");
        assertThatThrownBy(() -> one("Reshape", vector, HostTensor.vector(2, -1)))
                .hasMessageContaining("does not hold the elements of an operand of shape [3]");
        assertThatThrownBy(() -> one("Squeeze", vector, HostTensor.vector(0))).hasMessageContaining("is not of size 1");
        assertThatThrownBy(() -> one("Unsqueeze", vector, HostTensor.vector(0, 0)))
                .hasMessageContaining("axis 0 is given twice");
        assertThatThrownBy(() -> one("ReduceSum", vector, HostTensor.vector(1)))
                .hasMessageContaining("axis 1 is outside rank 1");
        assertThatThrownBy(() -> one(
                        "Slice",
                        vector,
                        scalar(0).reshaped(1),
                        scalar(1).reshaped(1),
                        scalar(0).reshaped(1),
                        scalar(0).reshaped(1)))
                .hasMessageContaining("the step of a slice must not be 0");
        assertThatThrownBy(() -> all("Split", Map.of(), 2, vector, HostTensor.vector(1, 1)))
                .hasMessageContaining("do not make up an axis of size 3");
    }

    @Test
    void tensorsGoToTheHostAndBack() {
        for (Tensor tensor : List.of(
                Tensor.of(new boolean[] {true, false}, 2),
                Tensor.of(new int[] {-1, 2}, 1, 2),
                Tensor.of(new long[] {Long.MIN_VALUE}, 1),
                Tensor.allocate(ElementType.UINT8, 3),
                Tensor.allocate(ElementType.INT16, 0))) {
            assertThat(HostTensor.of(tensor).toTensor().contentEquals(tensor)).isTrue();
        }
    }

    @Test
    void agreesWithTheOperatorTestsOfOnnx() throws IOException {
        int agreed = 0;
        for (Path folder : OnnxFiles.operatorCases()) {
            Graph graph = GraphNormalizer.normalize(OnnxCodec.read(folder.resolve("model.onnx")));
            boolean integers = graph.inputs().stream()
                            .allMatch(input -> !input.type().element().isFloating())
                    && graph.outputs().stream()
                            .allMatch(output -> !output.type().element().isFloating());
            if (!integers || !graph.nodes().stream().allMatch(HostArithmetic::supports)) {
                continue;
            }
            Map<String, HostTensor> values = new HashMap<>();
            graph.constants().forEach((name, tensor) -> values.put(name, HostTensor.of(tensor)));
            for (int i = 0; i < graph.inputs().size(); i++) {
                values.put(graph.inputs().get(i).name(), read(folder, "input_" + i));
            }
            for (Node node : graph.nodes()) {
                List<HostTensor> results = HostArithmetic.evaluate(
                        node,
                        index -> Objects.requireNonNull(values.get(node.inputs().get(index))));
                for (int i = 0; i < results.size(); i++) {
                    values.put(node.outputs().get(i), results.get(i));
                }
            }
            for (int i = 0; i < graph.outputs().size(); i++) {
                HostTensor expected = read(folder, "output_" + i);
                HostTensor actual = values.get(graph.outputs().get(i).name());
                assertThat(actual)
                        .as(folder.getFileName() + " " + Arrays.toString(expected.values()))
                        .isEqualTo(expected);
            }
            agreed++;
        }
        assertThat(agreed).isGreaterThanOrEqualTo(40);
    }

    private static HostTensor read(Path folder, String tensor) {
        return HostTensor.of(
                OnnxCodec.readTensor(folder.resolve("test_data_set_0").resolve(tensor + ".pb")));
    }
}
