package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightAliasesTest {
    @TempDir
    Path folder;

    private static final TensorType VECTOR = TensorType.of(ElementType.FLOAT, 1);

    private static Node node(String name, String operator, String output, String... inputs) {
        return new Node(name, "", operator, List.of(inputs), List.of(output), Map.of());
    }

    private static Graph graph(List<String> weights, Node... nodes) {
        Map<String, TensorType> parameters = new LinkedHashMap<>();
        weights.forEach(weight -> parameters.put(weight, VECTOR));
        return new Graph(
                "g",
                Map.of("", 17),
                List.of(new ValueInfo("x", VECTOR)),
                List.of(new ValueInfo("y", VECTOR)),
                List.of(nodes),
                Map.of(),
                parameters);
    }

    @Test
    void linearLayersOfARealExportGetTheirNames() throws IOException {
        OnnxModel model = OnnxCodec.read(OnnxFiles.miniLm(folder));

        Map<String, String> aliases = WeightAliases.derive(model.graph());

        assertThat(aliases)
                .hasSize(36)
                .containsEntry("onnx::MatMul_787", "encoder.layer.0.attention.self.query.weight")
                .containsEntry("onnx::MatMul_797", "encoder.layer.0.attention.output.dense.weight")
                .containsEntry("onnx::MatMul_864", "encoder.layer.5.output.dense.weight");
        OnnxModel named = WeightAliases.rename(model, aliases);
        assertThat(named.weights().keySet()).noneMatch(name -> name.contains("::"));
        assertThat(named.weight("encoder.layer.0.attention.self.query.weight").shape())
                .containsExactly(384, 384);
        assertThat(named.graph().parameters().keySet())
                .containsExactlyElementsOf(named.weights().keySet());
        named.graph().validate(Set.of());
        assertThat(WeightAliases.rename(named, WeightAliases.inverse(aliases))).isEqualTo(model);
    }

    @Test
    void theRoleComesFromTheOperator() {
        Graph graph = graph(
                List.of("1", "2", "3", "4", "5", "named"),
                node("/a/MatMul", "MatMul", "p", "x", "1"),
                node("/a/Add", "Add", "q", "2", "p"),
                node("/b/Gemm_1", "Gemm", "r", "q", "3", "4"),
                node("/norm/Mul", "Mul", "s", "r", "5"),
                node("/norm/Add", "Add", "y", "s", "named"));
        assertThat(WeightAliases.derive(graph))
                .isEqualTo(Map.of("1", "a.weight", "2", "a.bias", "3", "b.weight", "4", "b.bias", "5", "norm.weight"));
    }

    @Test
    void transpositionsAreFollowedToTheUser() {
        Graph graph = graph(
                List.of("onnx::Transpose_3"),
                node("/t/Transpose", "Transpose", "wt", "onnx::Transpose_3"),
                node("/layer/MatMul", "MatMul", "y", "x", "wt"));
        assertThat(WeightAliases.derive(graph)).isEqualTo(Map.of("onnx::Transpose_3", "layer.weight"));
    }

    @Test
    void equalAliasesAreNumberedAndNeverMeetOtherNames() {
        Graph graph = graph(
                List.of("1", "2", "a.weight_2", "3"),
                node("/a/MatMul", "MatMul", "p", "x", "1"),
                node("/a/MatMul_1", "MatMul", "q", "p", "2"),
                node("/a/Mul", "Mul", "r", "q", "a.weight_2"),
                node("/a/MatMul_2", "MatMul", "y", "r", "3"));
        assertThat(WeightAliases.derive(graph))
                .isEqualTo(Map.of("1", "a.weight", "2", "a.weight_3", "3", "a.weight_4"));
    }

    @Test
    void weightsWithoutANamedUserKeepTheirNames() {
        Graph graph = graph(List.of("1"), node("", "MatMul", "7", "x", "1"), node("", "Neg", "y", "7"));
        assertThat(WeightAliases.derive(graph)).isEmpty();
        Graph byOutput = graph(
                List.of("1"),
                node("", "MatMul", "/a/MatMul_output_0", "x", "1"),
                node("", "Neg", "y", "/a/MatMul_output_0"));
        assertThat(WeightAliases.derive(byOutput)).isEqualTo(Map.of("1", "a.weight"));
    }

    @Test
    void whatIsKnownOfAWeightFollowsItsName() {
        byte[] bytes = Wire.model(23, g -> {
            g.message(5, Wire.initializer(t -> {
                Wire.floats(t, 1, 2);
                t.text(12, "documented");
            }));
            g.message(1, Wire.node("n", "Neg", Wire.names("w"), Wire.names("y")));
        });
        OnnxModel renamed = WeightAliases.rename(Wire.decode(bytes), Map.of("w", "v"));
        OnnxModel again = Wire.decode(OnnxCodec.encode(renamed));
        assertThat(again).isEqualTo(renamed);
        assertThat(again.graph().preserved().isEmpty()).isFalse();
        assertThat(again.weight("v").toFloats()).containsExactly(1, 2);
    }

    @Test
    void namesThatCannotBeUsedAreRefused() {
        Graph graph = graph(List.of("w", "v"), node("n", "Add", "y", "w", "v"));
        OnnxModel model =
                OnnxModel.of(graph, Map.of("w", Tensor.of(new float[] {1}, 1), "v", Tensor.of(new float[] {2}, 1)));
        assertThatThrownBy(() -> WeightAliases.rename(model, Map.of("z", "a")))
                .hasMessage("graph 'g' has no weight 'z' that could be renamed");
        assertThatThrownBy(() -> WeightAliases.rename(model, Map.of("w", "v")))
                .hasMessage("graph 'g': weight 'w' cannot be renamed to 'v', which is the name of something else");
        OnnxModel swapped = WeightAliases.rename(model, Map.of("w", "v", "v", "w"));
        assertThat(swapped.weight("v").item()).isEqualTo(1);
        assertThat(swapped.graph().nodes().get(0).inputs()).containsExactly("v", "w");
    }
}
