package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.tokenizers.ByteTokenizer;
import dev.save4j.tokenizers.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ModelFolderTest {
    private static final JsonNode CONFIG =
            JsonMapper.shared().readTree("{\"model_type\": \"llama\", \"hidden_size\": 8}");

    @TempDir
    Path folder;

    private final WeightStore weights = new WeightStore(Map.of("w", Tensor.of(new float[] {1, 2}, 2)));

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        Path target = folder.resolve("models/tiny");
        Tokenizer bytes = new ByteTokenizer();

        ModelFolder written = ModelFolder.write(target, CONFIG, weights, bytes::writeTo);

        assertThat(listing(target)).containsExactly("config.json", "model.safetensors", "tokenizer_config.json");
        assertThat(listing(target.getParent())).containsExactly("tiny");
        assertThat(written.config()).isEqualTo(CONFIG);
        assertThat(written.weights().contentHash()).isEqualTo(weights.contentHash());
        assertThat(written.tokenizer().encode("a", false)).containsExactly(97);
        assertThat(written.onnx()).isEmpty();
        assertThat(Files.readString(target.resolve("config.json")))
                .isEqualTo("{\n  \"model_type\" : \"llama\",\n  \"hidden_size\" : 8\n}\n");
    }

    @Test
    void theTokenizerOfAnotherFolderIsCopied() throws IOException {
        ModelFolder first = ModelFolder.write(folder.resolve("a"), CONFIG, weights, new ByteTokenizer()::writeTo);

        ModelFolder.write(folder.resolve("b"), CONFIG, weights, first::copyTokenizerTo);

        assertThat(folder.resolve("b/tokenizer_config.json"))
                .hasSameBinaryContentAs(folder.resolve("a/tokenizer_config.json"));
    }

    @Test
    void aFailureWhileWritingLeavesNothing() throws IOException {
        assertThatThrownBy(() -> ModelFolder.write(folder.resolve("tiny"), CONFIG, weights, place -> {
                    throw new IOException("no space left");
                }))
                .hasMessage(
                        "cannot write the folder " + folder.resolve("tiny") + ": java.io.IOException: no space left");
        assertThat(listing(folder)).isEmpty();
    }

    @Test
    void anExistingModelIsNotOverwritten() {
        ModelFolder.write(folder.resolve("tiny"), CONFIG, weights, place -> {});
        assertThatThrownBy(() -> ModelFolder.write(folder.resolve("tiny"), CONFIG, weights, place -> {}))
                .hasMessage("cannot write the folder " + folder.resolve("tiny")
                        + ": it exists and is not empty; choose another name or move it away");
    }

    @Test
    void theOnnxFileIsFoundWhereExportersPutIt() throws IOException {
        Files.createDirectory(folder.resolve("onnx"));
        Files.createFile(folder.resolve("onnx/model.onnx"));
        Files.writeString(folder.resolve("config.json"), "{}");
        assertThat(ModelFolder.open(folder).onnx()).hasValue(folder.resolve("onnx/model.onnx"));
        Files.createFile(folder.resolve("model.onnx"));
        assertThat(ModelFolder.open(folder).requireOnnx()).isEqualTo(folder.resolve("model.onnx"));
        Files.createFile(folder.resolve("other.onnx"));
        Files.writeString(folder.resolve("config.json"), "{\"model_file\": \"other.onnx\"}");
        assertThat(ModelFolder.open(folder).onnx()).hasValue(folder.resolve("other.onnx"));
    }

    @Test
    void anOnnxFileAloneIsAModel() throws IOException {
        Files.createFile(folder.resolve("model.onnx"));
        ModelFolder model = ModelFolder.open(folder);
        assertThat(model.onnx()).isPresent();
        assertThat(model.hasCheckpoint()).isFalse();
        assertThatThrownBy(model::config)
                .hasMessage(
                        "the model folder " + folder + " has no settings: looked for config.json, found model.onnx");
    }

    @Test
    void anIndexCountsAsACheckpoint() throws IOException {
        Files.writeString(folder.resolve("model.safetensors.index.json"), "{}");
        assertThat(ModelFolder.open(folder).hasCheckpoint()).isTrue();
    }

    @Test
    void aMissingFolderOrAFileIsNamed() throws IOException {
        Path missing = folder.resolve("none");
        assertThatThrownBy(() -> ModelFolder.open(missing)).hasMessage("there is no model folder " + missing);
        Path file = Files.createFile(folder.resolve("model.onnx"));
        assertThatThrownBy(() -> ModelFolder.open(file)).hasMessage(file + " is a file; name the folder of a model");
    }

    @Test
    void aFolderOfOtherThingsIsNoModel() throws IOException {
        String looked = "the model folder " + folder + " has no model: looked for config.json, model.safetensors,"
                + " model.safetensors.index.json and model.onnx, found ";
        assertThatThrownBy(() -> ModelFolder.open(folder)).hasMessage(looked + "nothing");
        Files.createFile(folder.resolve("pytorch_model.bin"));
        Files.createFile(folder.resolve("a.txt"));
        assertThatThrownBy(() -> ModelFolder.open(folder))
                .hasMessage(looked + "a.txt, pytorch_model.bin. Convert pytorch_model.bin with Transformers:"
                        + " save_pretrained(…, safe_serialization=True)");
    }

    @Test
    void missingWeightsSayWhatIsThere() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{}");
        ModelFolder model = ModelFolder.open(folder);
        assertThatThrownBy(model::weights)
                .hasMessage("the model folder " + folder + " has no weights: looked for model.safetensors and"
                        + " model.safetensors.index.json, found config.json");
        assertThatThrownBy(model::requireOnnx)
                .hasMessage("the model folder " + folder
                        + " has no ONNX file: looked for model.onnx and onnx/model.onnx, found config.json");
        assertThatThrownBy(model::tokenizer).hasMessageStartingWith("the folder " + folder + " has no tokenizer: ");
    }

    @Test
    void aNamedOnnxFileMustBeThere() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_file\": \"x.onnx\"}");
        ModelFolder model = ModelFolder.open(folder);
        assertThatThrownBy(model::onnx)
                .hasMessage("the model folder " + folder
                        + " has no ONNX file of the name that config.json gives: looked for x.onnx, found config.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x.onnx", "/x.onnx", "..", "a\\\\x.onnx"})
    void aNamedOnnxFileLiesInTheFolder(String name) throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_file\": \"" + name + "\"}");
        ModelFolder model = ModelFolder.open(folder);
        assertThatThrownBy(model::onnx)
                .hasMessage(folder.resolve("config.json") + " names '" + name.replace("\\\\", "\\")
                        + "' as model_file, which is not the name of a file in the folder");
    }

    @Test
    void aRealFolderIsCopiedWhole() {
        Path real = Path.of(System.getProperty("save4j.shared", "../shared"), "data/models/stories260k/hf");
        assumeTrue(Files.isDirectory(real), "the shared data are not there");
        ModelFolder model = ModelFolder.open(real);
        WeightStore store = model.weights();

        ModelFolder copy = ModelFolder.write(folder.resolve("copy"), model.config(), store, model::copyTokenizerTo);

        assertThat(copy.config()).isEqualTo(model.config());
        assertThat(copy.weights().contentHash()).isEqualTo(store.contentHash());
        try (Tokenizer tokenizer = copy.tokenizer()) {
            assertThat(tokenizer.encode("Zoo")).containsExactly(1, 410, 469, 347);
            assertThat(tokenizer.endOfText()).hasValue(2);
        }
    }

    private static Stream<String> listing(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList().stream();
        }
    }
}
