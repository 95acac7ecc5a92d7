package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The operator cases of the ONNX project, normalised as every file is. */
class OnnxOperatorCasesTest {
    private static final Path CASES = Path.of(System.getProperty("save4j.shared", "../shared"), "data/onnx-node-tests");

    /** Its mask is shorter than the keys, which the standard pads and the library refuses. */
    private static final String SHORT_MASK = "test_attention_4d_diff_heads_mask4d_padded_kv";

    static Stream<String> cases() throws IOException {
        if (!Files.isDirectory(CASES)) {
            return Stream.of("none");
        }
        return Files.readAllLines(CASES.resolve("index.tsv")).stream()
                .skip(1)
                .map(line -> line.substring(0, line.indexOf('\t')))
                .filter(name -> !name.equals(SHORT_MASK));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void computesWhatTheStandardSays(String name) {
        assumeTrue(Files.isDirectory(CASES), "the operator cases are not at " + CASES);
        OnnxModel model = OnnxCodec.read(CASES.resolve(name).resolve("model.onnx"));
        check(name, GraphNormalizer.normalize(model), model);
    }

    @Test
    void refusesTheOneCaseItCannotDo() {
        assumeTrue(Files.isDirectory(CASES), "the operator cases are not at " + CASES);
        OnnxModel model = OnnxCodec.read(CASES.resolve(SHORT_MASK).resolve("model.onnx"));
        assertThatThrownBy(() -> check(SHORT_MASK, GraphNormalizer.normalize(model), model))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("graph '" + SHORT_MASK + "' failed: Attention node.")
                .hasMessageContaining("inconsistent total_sequence_length")
                .hasMessageContaining("attn_mask FLOAT[2, 3, 4, 4]")
                .message()
                .doesNotContain("onnxruntime_src");
    }

    @Test
    void everyOperatorOfTheCasesIsInTheTable() throws IOException {
        assumeTrue(Files.isDirectory(CASES), "the operator cases are not at " + CASES);
        assertThat(Files.readAllLines(CASES.resolve("index.tsv")).stream()
                        .skip(1)
                        .map(line -> line.split("\t", -1)[1])
                        .distinct())
                .allSatisfy(operator -> assertThat(OnnxRuntimeOperators.TABLE.rule("", operator))
                        .isPresent());
    }

    private static void check(String name, Graph graph, OnnxModel model) {
        Path data = CASES.resolve(name).resolve("test_data_set_0");
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        for (int i = 0; i < graph.inputs().size(); i++) {
            inputs.put(graph.inputs().get(i).name(), OnnxCodec.readTensor(data.resolve("input_" + i + ".pb")));
        }
        try (InferenceSession session = new OnnxRuntimeEngine()
                .open(
                        graph,
                        new WeightStore(model.weights()),
                        WeightBinding.PREPACKED,
                        EngineSettings.singleThreaded())) {
            Map<String, Tensor> outputs = session.run(inputs);
            for (int i = 0; i < graph.outputs().size(); i++) {
                String output = graph.outputs().get(i).name();
                Path expected = data.resolve("output_" + i + ".pb");
                if (Files.exists(expected)) {
                    assertClose(name + ": " + output, outputs.get(output), OnnxCodec.readTensor(expected));
                }
            }
        }
    }

    private static void assertClose(String what, Tensor actual, Tensor expected) {
        assertThat(actual.type()).as(what).isEqualTo(expected.type());
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        if (!expected.type().isFloating()) {
            assertThat(actual.toLongs()).as(what).isEqualTo(expected.toLongs());
            return;
        }
        float[] got = actual.toFloats();
        float[] wanted = expected.toFloats();
        for (int i = 0; i < wanted.length; i++) {
            boolean close = Float.compare(got[i], wanted[i]) == 0
                    || Math.abs((double) got[i] - wanted[i]) <= 1e-7 + 1e-3 * Math.abs((double) wanted[i]);
            assertThat(close)
                    .as("%s, element %s: got %s, expected %s", what, i, got[i], wanted[i])
                    .isTrue();
        }
    }
}
