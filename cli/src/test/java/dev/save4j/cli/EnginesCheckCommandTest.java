package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.models.Backbones;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.PolicyModel;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class EnginesCheckCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int check(Object... arguments) {
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        String[] all = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("engines", "check"),
                        java.util.stream.Stream.of(arguments).map(Object::toString))
                .toArray(String[]::new);
        return command.execute(all);
    }

    private Path file(OnnxModel model) {
        Path file = folder.resolve("model.onnx");
        OnnxCodec.write(model, file);
        return file;
    }

    private static Value node(GraphBuilder g, String operator, Value x, Map<String, Attribute> attributes) {
        return g.node("", operator, List.of(x), attributes, List.of(x.type())).get(0);
    }

    /** Two Hardmax, and one operator with an attribute that does not exist. */
    private static OnnxModel odd(String attribute) {
        GraphBuilder g = new GraphBuilder("odd");
        Value x = g.input("x", ElementType.FLOAT, "batch", 4);
        Value product = x.matmul(g.parameter("w", 4, 4));
        Value maximal = node(g, "Hardmax", node(g, "Hardmax", product, Map.of()), Map.of());
        g.output("y", node(g, "Softmax", maximal, Map.of(attribute, Attribute.of(-1))));
        return OnnxModel.of(g.build(), Map.of("w", Tensor.allocate(ElementType.FLOAT, 4, 4)));
    }

    @Test
    void anExportedEncoderRunsAndTrainsEverywhere() {
        assertThat(check(file(BertExport.of(14)), "--train")).as(err.toString()).isZero();
        assertThat(out.toString().lines())
                .anyMatch(line ->
                        line.endsWith("operator set 14: 185 nodes of 21 operators, 39 weights with 5280 numbers"))
                .anyMatch(line -> line.matches("scoring +onnxruntime +yes +0"))
                .anyMatch(line -> line.matches("gradient +onnxruntime +yes +39 of 39 weights +0"))
                .anyMatch(line -> line.matches("gradient +djl-pytorch +yes +39 of 39 weights +\\de-\\d\\d"))
                .anyMatch(line -> line.matches("gradient +djl-tensorflow +yes +39 of 39 weights +\\de-\\d\\d"));
    }

    @Test
    void anExportWithACacheIsSampledFromAsWell() {
        assertThat(check(file(Gpt2Export.of(14, true)))).as(err.toString()).isZero();
        assertThat(out.toString().lines()).anyMatch(line -> line.matches("rollout +onnxruntime +yes"));
    }

    @Test
    void aFolderIsCheckedByItsGraphs() {
        Llama backbone = new Llama(LlamaConfig.small(32, 16, 2, 2, 24));
        Path policy = folder.resolve("policy");
        new PolicyModel(backbone, Backbones.initialize(backbone, 1)).save(policy, tokenizer -> {});
        assertThat(check(policy)).as(err.toString()).isZero();
        assertThat(out.toString()).contains("a policy on llama");
        assertThat(out.toString().lines())
                .anyMatch(line -> line.matches("rollout +onnxruntime +yes"))
                .anyMatch(line -> line.matches("gradient +djl-pytorch +yes +(\\d+) of \\1 weights .*"));
    }

    @Test
    void allThatIsInTheWayIsToldWithCounts() {
        Path file = file(odd("axis"));
        assertThat(check(file)).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("Not run by djl-pytorch (gradient):\n"
                        + "  - node 'Hardmax' (Hardmax): the operator is not supported (and 1 more)\n")
                .contains("Not trained by onnxruntime (gradient):\n  - node 'Hardmax' (Hardmax): the operator has no"
                        + " gradient, but lies between a trained weight and the loss; put StopGradient before it if none"
                        + " should flow (and 1 more)\n");
        assertThat(check(file, "--train")).isEqualTo(2);
    }

    @Test
    void attributesThatNobodyHonoursLeaveNoEngine() {
        assertThat(check(file(odd("temperature")), "--static")).isEqualTo(2);
        assertThat(out.toString())
                .contains("By the engines' tables:")
                .contains("Not run by djl-tensorflow (gradient):\n"
                        + "  - node 'Hardmax' (Hardmax): the operator is not supported (and 1 more)\n"
                        + "  - node 'Softmax' (Softmax): the attributes [temperature] are not supported\n")
                .contains("Not run by onnxruntime (scoring):\n"
                        + "  - node 'Softmax' (Softmax): the attributes [temperature] are not supported\n");
    }

    @Test
    void elementTypesAreTold() {
        GraphBuilder g = new GraphBuilder("half");
        Value x = g.input("x", ElementType.BFLOAT16, "batch", 2);
        Value w = g.parameter("w", dev.save4j.graph.TensorType.of(ElementType.BFLOAT16, 2));
        g.output("y", x.mul(w));
        Tensor weight = Tensor.allocate(ElementType.BFLOAT16, 2);
        assertThat(check(file(OnnxModel.of(g.build(), Map.of("w", weight))), "--static"))
                .isEqualTo(2);
        assertThat(out.toString())
                .contains("node 'Mul' (Mul): operand 0 is BFLOAT16, but the operator is supported for [FLOAT, ")
                .contains("weight 'w' is BFLOAT16, but weights are trained as FLOAT");
    }

    @Test
    void theSameAsJson() {
        assertThat(check(file(odd("axis")), "--format", "json", "--static")).isZero();
        JsonNode engines = new JsonMapper().readTree(out.toString()).path("engines");
        assertThat(engines.size()).isEqualTo(4);
        assertThat(engines.get(0).path("engine").stringValue()).isEqualTo("onnxruntime");
        assertThat(engines.get(0).path("runs").booleanValue()).isTrue();
        assertThat(engines.get(1).path("problems").get(0).stringValue())
                .isEqualTo("node 'Hardmax' (Hardmax): the operator is not supported (and 1 more)");
    }

    @Test
    void whatCannotBeReadIsAnErrorOfTheUser() throws IOException {
        Path garbage = Files.writeString(folder.resolve("garbage.onnx"), "no ONNX at all");
        assertThat(check(garbage)).isEqualTo(2);
        assertThat(err.toString()).startsWith("save4j: ").contains("garbage.onnx");
        assertThat(check(folder.resolve("absent.onnx"))).isEqualTo(2);
        assertThat(err.toString()).contains("there is no model folder " + folder.resolve("absent.onnx"));
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aGraphWithoutFloatingOutputsCannotBeTrained() {
        GraphBuilder g = new GraphBuilder("integers");
        Value x = g.input("ids", ElementType.INT64, "batch");
        g.output("y", x.add(x));
        Graph graph = g.build();
        assertThat(check(file(OnnxModel.of(graph, Map.of())), "--train")).isEqualTo(2);
        assertThat(out.toString()).contains("the graph has no floating output that could be differentiated");
    }
}
