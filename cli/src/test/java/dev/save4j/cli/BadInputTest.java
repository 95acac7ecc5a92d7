package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What is wrong with the input is said in one message without a stack trace, the exit code is 2, and nothing has been written. */
class BadInputTest {
    private static final String PAIR = """
            {"prompt": "Say yes.", "chosen": "Yes.", "rejected": "No."}
            """;

    @TempDir
    private Path folder;

    private Path output;
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void placeOutput() {
        output = folder.resolve("output");
    }

    private Path file(String name, String text) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    /** Runs the command, which must fail as the user's mistake; returns what it said. */
    private String refused(String... arguments) {
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(new StringWriter()));
        command.setErr(new PrintWriter(err));
        assertThat(command.execute(arguments)).as(err.toString()).isEqualTo(2);
        assertThat(output).doesNotExist();
        return assertThat(err.toString())
                .startsWith("save4j: ")
                .doesNotContain("\tat ")
                .actual();
    }

    private String refusedRun(String settings) throws IOException {
        Path experiment = file("bad.yaml", settings);
        return refused("run", experiment.toString(), "--set", "output=" + output);
    }

    private String refusedTraining(Path model, Path preferences, String... more) {
        String[] arguments = {
            "reward",
            "train",
            "--model",
            model.toString(),
            "--preferences",
            preferences.toString(),
            "--held-out",
            preferences.toString(),
            "--out",
            output.toString()
        };
        return refused(java.util.stream.Stream.of(arguments, more)
                .flatMap(java.util.Arrays::stream)
                .toArray(String[]::new));
    }

    /** A model made here by a run of one step, as a user would have it. */
    private Path trainedModel(String name) throws IOException {
        Path experiment = file("good.yaml", """
                name: good
                steps: 1
                modes: [static]
                data:
                  lab: tales
                  tales: {fine_tuning: 8, preferences: 8, held_out: 8, prompts: 8}
                policy:
                  size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 8, max_length: 64}
                  fine_tuning: {steps: 1, batch: 4}
                reward:
                  size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 8, max_length: 64}
                  training: {epochs: 1, batch: 8, value_steps: 1}
                rollout: {prompts: 1, group: 2, max_tokens: 4, slots: 2}
                evaluation: {prompts: 1, completions: 1}
                """);
        Path runs = folder.resolve("good-runs");
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(new StringWriter()));
        assertThat(command.execute("run", experiment.toString(), "--set", "output=" + runs))
                .isZero();
        return runs.resolve("good").resolve("prepared").resolve(name);
    }

    @Test
    void anUnknownKeyAndAnUnknownEngineAreBothNamedWithWhatWasMeant() throws IOException {
        assertThat(refusedRun("name: bad\nstepz: 3\ndata: {lab: tales}\n")).contains("stepz", "steps");
        assertThat(refusedRun("name: bad\ndata: {lab: tales}\nengines: {gradient: djl-pytorhc}\n"))
                .contains("djl-pytorhc", "djl-pytorch");
    }

    @Test
    void checkpointingThatTheGradientEngineDoesNotHaveIsNamedWithTheEnginesThatDo() throws IOException {
        assertThat(refusedRun(
                        "name: bad\ndata: {lab: tales}\nengines: {gradient: djl-pytorch, checkpointing: blocks}\n"))
                .contains("engines.checkpointing", "djl-pytorch", "[onnxruntime]");
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Path absent = folder.resolve("absent.jsonl");
        assertThat(refusedRun("name: bad\ndata: {prompts: " + absent + ", preferences: " + absent + ", held_out: "
                        + absent + "}\n"))
                .contains(absent.toString());
        assertThat(refused("run", folder.resolve("absent.yaml").toString())).contains("absent.yaml");
    }

    @Test
    void anEmptyDataSetIsNamed() throws IOException {
        Path empty = file("empty.jsonl", "");
        assertThat(refusedTraining(trainedModel("reward"), empty)).contains(empty.toString());
    }

    @Test
    void aTruncatedCheckpointIsRefusedWithTheTensor() throws IOException {
        Path model = trainedModel("reward");
        Path weights = model.resolve("model.safetensors");
        try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 4);
        }
        assertThat(refusedTraining(model, file("pairs.jsonl", PAIR))).contains(weights.toString(), "tensor '");
    }

    @Test
    void aCheckpointWithoutHeadsIsNoRewardModelUnlessNewOnesAreAskedFor() throws IOException {
        assertThat(refusedTraining(trainedModel("policy"), file("pairs.jsonl", PAIR)))
                .contains("score.weight", "--new-heads");
    }

    @Test
    void anOperatorWithoutAGradientIsNamedWithItsNode() throws IOException {
        GraphBuilder graph = new GraphBuilder("odd");
        Value ids = graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = graph.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value embedded = graph.parameter("embedding", 256, 8)
                .gather(ids, 0)
                .mul(mask.cast(ElementType.FLOAT).unsqueeze(2));
        graph.output(
                "last_hidden_state",
                graph.node("", "Hardmax", List.of(embedded), Map.of(), List.of(embedded.type()))
                        .get(0));
        Path model = Files.createDirectory(folder.resolve("odd"));
        OnnxCodec.write(
                OnnxModel.of(graph.build(), Map.of("embedding", Tensor.allocate(ElementType.FLOAT, 256, 8))),
                model.resolve("model.onnx"));
        file("odd/config.json", "{\"max_position_embeddings\": 64, \"pooling\": \"mean\"}");
        file("odd/tokenizer_config.json", "{\"tokenizer_class\": \"ByteTokenizer\"}");
        assertThat(refusedTraining(model, file("pairs.jsonl", PAIR), "--new-heads"))
                .contains("onnxruntime", "Hardmax", "the operator has no gradient");
    }
}
