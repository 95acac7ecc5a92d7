package dev.save4j.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.save4j.SaveException;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Which of ONNX's operator tests the engine opens; that those are right is checked by the conformance suite. */
class OnnxOperatorTest {
    @Test
    void allButEightCasesAreOpened() throws IOException {
        Path cases = Path.of(System.getProperty("save4j.shared", "../shared"), "data/onnx-node-tests");
        assumeTrue(Files.isDirectory(cases), "the shared data are not there");
        Map<String, String> refused = new TreeMap<>();
        for (String line : Files.readAllLines(cases.resolve("index.tsv"))) {
            String name = line.substring(0, line.indexOf('\t'));
            if (!name.equals("case")) {
                try {
                    Path model = cases.resolve(name).resolve("model.onnx");
                    new Plan(GraphNormalizer.normalize(OnnxCodec.read(model)), weight -> false);
                } catch (SaveException refusal) {
                    assertThat(refusal.kind()).isEqualTo(SaveException.Kind.USER);
                    refused.put(name, refusal.getMessage());
                }
            }
        }
        assertThat(refused.keySet())
                .as(refused.toString())
                .containsExactly(
                        "test_edge_pad",
                        "test_einsum_batch_diagonal",
                        "test_reflect_pad",
                        "test_scatter_elements_with_reduction_max",
                        "test_scatter_elements_with_reduction_mul",
                        "test_scatternd_min",
                        "test_scatternd_multiply",
                        "test_wrap_pad");
    }
}
