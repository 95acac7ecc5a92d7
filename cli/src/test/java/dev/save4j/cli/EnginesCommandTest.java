package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.tensor.ElementType;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class EnginesCommandTest {
    private static String engines(String... options) {
        StringWriter out = new StringWriter();
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(out));
        String[] all = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("engines"), java.util.stream.Stream.of(options))
                .toArray(String[]::new);
        assertThat(command.execute(all)).isZero();
        return out.toString();
    }

    @Test
    void theSummaryHasALineForEachUse() {
        List<String> lines = engines().lines().toList();
        assertThat(lines)
                .anyMatch(line -> line.matches("rollout +onnxruntime +1\\.29\\.0 +cpu .*"))
                .anyMatch(line -> line.matches("scoring +onnxruntime +1\\.29\\.0 +cpu .*"))
                .anyMatch(line -> line.matches("gradient +djl-pytorch +2\\.7\\.1-0\\.36\\.0 +cpu +\\d+ +\\d+ .*"))
                .anyMatch(line -> line.matches("gradient +djl-tensorflow +1\\.1\\.0 +cpu +\\d+ +\\d+ .*"))
                .anyMatch(line -> line.matches("gradient +onnxruntime +1\\.29\\.0 +cpu +\\d+ +\\d+ .*"))
                .noneMatch(line -> line.startsWith("Softmax"));
    }

    @Test
    void theMatrixTellsWhatEachEngineDoesWithAnOperator() {
        List<String> lines = engines("--operators").lines().toList();
        assertThat(lines)
                .anyMatch(line -> line.matches("operator +onnxruntime +djl-pytorch +djl-tensorflow +attributes"))
                .anyMatch(line -> line.matches("Hardmax +runs f32 f16 +no +no +axis"))
                .anyMatch(line -> line.matches("LayerNormalization +trains f32 .*trains f32 .*trains f32 .*epsilon.*"))
                .anyMatch(line -> line.matches("com\\.microsoft::GroupQueryAttention +runs .*"));
    }

    @Test
    void librariesTellTheirOwnVersions() {
        List<String> lines = engines("--libraries").lines().toList();
        assertThat(lines)
                .anyMatch(line -> line.matches("onnxruntime \\(gradient\\) +ONNX Runtime +1\\.29\\.0"))
                .anyMatch(line -> line.matches("djl-pytorch \\(gradient\\) +PyTorch +2\\.7\\.1"))
                .anyMatch(line -> line.matches("djl-pytorch \\(gradient\\) +DJL +0\\.36\\.0"))
                .anyMatch(line -> line.matches("djl-tensorflow \\(gradient\\) +TensorFlow +2\\.18\\.0"));
    }

    @Test
    void jsonHasEveryRule() {
        JsonNode engines =
                new JsonMapper().readTree(engines("--format", "json")).path("engines");
        assertThat(engines.size()).isEqualTo(5);
        JsonNode torch = engines.get(2);
        assertThat(torch.path("name").stringValue()).isEqualTo("djl-pytorch");
        assertThat(torch.path("operators").valueStream())
                .anyMatch(rule -> rule.path("operator").stringValue().equals("Softmax")
                        && rule.path("differentiable").booleanValue()
                        && rule.path("attributes").get(0).stringValue().equals("axis"));
    }

    @Test
    void typesAreShort() {
        assertThat(OperatorMatrix.describe(EnumSet.allOf(ElementType.class))).isEqualTo("all");
        assertThat(OperatorMatrix.describe(EnumSet.of(ElementType.FLOAT, ElementType.INT64)))
                .isEqualTo("f32 i64");
        assertThat(OperatorMatrix.describe(EnumSet.complementOf(EnumSet.of(ElementType.BFLOAT16, ElementType.BOOL))))
                .isEqualTo("f32 f16 f64 ints");
    }
}
