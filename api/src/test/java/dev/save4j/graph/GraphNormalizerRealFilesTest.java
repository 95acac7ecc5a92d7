package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GraphNormalizerRealFilesTest {
    @TempDir
    Path folder;

    @Test
    void everyOperatorTestIsNormalised() throws IOException {
        Map<Map<String, Integer>, Integer> opsets =
                new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
        for (Path operatorCase : OnnxFiles.operatorCases()) {
            OnnxModel model = OnnxCodec.read(operatorCase.resolve("model.onnx"));

            Graph normal = GraphNormalizer.normalize(model);

            opsets.merge(normal.opsets(), 1, Integer::sum);
            assertThat(normal.inputs())
                    .as(operatorCase.toString())
                    .isEqualTo(model.graph().inputs());
            assertThat(normal.outputs()).isEqualTo(model.graph().outputs());
            assertThat(normal.nodes()).noneMatch(node -> node.operator().equals("Constant"));
            assertThat(GraphNormalizer.normalize(normal))
                    .as(operatorCase.toString())
                    .isEqualTo(normal);
        }
        // Attention over padded keys is the one operator that set 23 does not have.
        assertThat(opsets).isEqualTo(Map.of(Map.of("", 23), 515, Map.of("", 24), 1));
    }

    @Test
    void aRealExportOfSet11BecomesSet23() throws IOException {
        OnnxModel model = OnnxCodec.read(OnnxFiles.miniLm(folder));

        Graph normal = GraphNormalizer.normalize(model);

        assertThat(normal.opsets()).isEqualTo(Map.of("", Graph.OPSET));
        assertThat(normal.parameters()).isEqualTo(model.graph().parameters());
        assertThat(normal.nodes()).hasSize(637 - 146);
        assertThat(normal.nodes())
                .filteredOn(node -> node.operator().equals("Softmax"))
                .hasSize(6)
                .allSatisfy(node -> assertThat(node.attributes()).isEmpty());
        assertThat(normal.nodes())
                .filteredOn(node ->
                        node.operator().equals("ReduceMean") || node.operator().equals("Unsqueeze"))
                .allSatisfy(node -> {
                    assertThat(node.attributes()).isEmpty();
                    assertThat(normal.constants()).containsKey(node.inputs().get(1));
                });
        OnnxModel upgraded = model.with(normal, model.weights());
        assertThat(OnnxCodec.decode(ByteBuffer.wrap(OnnxCodec.encode(upgraded)), "again"))
                .isEqualTo(upgraded);
    }
}
