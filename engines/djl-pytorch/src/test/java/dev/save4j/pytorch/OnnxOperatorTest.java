package dev.save4j.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.types.DataType;
import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** ONNX's own operator tests, forward: every case is either right or refused by name. */
class OnnxOperatorTest {
    /** Operators that the engine refuses. */
    private static final Set<String> REFUSED =
            Set.of("OneHot", "Pad", "ScatterElements", "ScatterND", "TopK", "Einsum");

    @TestFactory
    Stream<DynamicTest> everyCaseIsRightOrRefused() throws IOException {
        Path cases = Path.of(System.getProperty("save4j.shared", "../shared"), "data/onnx-node-tests");
        assumeTrue(Files.isDirectory(cases), "the shared data are not there");
        return Files.readAllLines(cases.resolve("index.tsv")).stream()
                .skip(1)
                .map(line -> line.split("\t"))
                .map(row -> DynamicTest.dynamicTest(row[0], () -> check(cases.resolve(row[0]), row[1])));
    }

    private static void check(Path folder, String operator) {
        Graph graph = GraphNormalizer.normalize(OnnxCodec.read(folder.resolve("model.onnx")));
        Plan plan;
        try {
            plan = new Plan(graph, weight -> false);
        } catch (SaveException refusal) {
            assertThat(refusal.kind()).isEqualTo(SaveException.Kind.USER);
            assertThat(refusal).hasMessageContaining("djl-pytorch");
            assertThat(REFUSED).as(refusal.getMessage()).contains(operator);
            return;
        }
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        for (int i = 0; i < graph.inputs().size(); i++) {
            inputs.put(graph.inputs().get(i).name(), read(folder, "input_", i));
        }
        boolean before = false;
        try (DeviceMemory memory = new DeviceMemory(TorchLibrary.manager(), DataType.FLOAT32);
                Interpreter interpreter = new Interpreter(plan, memory);
                Interpreter.Run run = interpreter.run(inputs, weight -> {
                    throw new AssertionError(weight);
                })) {
            before = TorchNative.gradMode(false);
            Map<String, Tensor> outputs = run.outputs();
            for (int i = 0; i < graph.outputs().size(); i++) {
                String name = graph.outputs().get(i).name();
                compare(name, outputs.get(name), read(folder, "output_", i));
            }
        } finally {
            TorchNative.gradMode(before);
        }
    }

    private static Tensor read(Path folder, String kind, int index) {
        return OnnxCodec.readTensor(folder.resolve("test_data_set_0").resolve(kind + index + ".pb"));
    }

    private static void compare(String name, Tensor actual, Tensor expected) {
        assertThat(actual.shape()).as("shape of %s", name).isEqualTo(expected.shape());
        assertThat(actual.type()).as("type of %s", name).isEqualTo(expected.type());
        if (!expected.type().isFloating()) {
            assertThat(actual.toLongs()).as(name).isEqualTo(expected.toLongs());
            return;
        }
        float[] got = actual.toFloats();
        float[] want = expected.toFloats();
        for (int i = 0; i < want.length; i++) {
            if (Float.isNaN(want[i]) || Float.isInfinite(want[i])) {
                assertThat(got[i]).as("%s[%d]", name, i).isEqualTo(want[i]);
            } else {
                assertThat(got[i]).as("%s[%d]", name, i).isCloseTo(want[i], within(1e-7f + 1e-3f * Math.abs(want[i])));
            }
        }
    }
}
