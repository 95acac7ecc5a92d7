package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A small encoder file that is made here; {@link MiniLmTest} has a real one. */
class OnnxFileTest {
    @TempDir
    Path folder;

    private static ObjectNode config() {
        return JsonNodeFactory.instance.objectNode().put("max_position_embeddings", 12);
    }

    /** Embeddings of tokens and token types, added and masked. */
    private Path write(String output, List<String> inputs, Object... sizes) {
        GraphBuilder graph = new GraphBuilder("encoder");
        Value hidden =
                graph.parameter("words.weight", 5, 3).gather(graph.input(inputs.get(0), ElementType.INT64, sizes), 0);
        for (String more : inputs.subList(1, inputs.size())) {
            Value input = graph.input(more, ElementType.INT64, sizes);
            hidden = more.equals("token_type_ids")
                    ? hidden.add(graph.parameter("types.weight", 2, 3).gather(input, 0))
                    : hidden.mul(input.cast(ElementType.FLOAT).unsqueeze(2));
        }
        graph.output(output, hidden);
        Path file = folder.resolve("model.onnx");
        Map<String, Tensor> weights = Map.of(
                "words.weight", Tensor.of(new float[] {0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 0, 1}, 5, 3),
                "types.weight", Tensor.of(new float[] {0, 0, 0, 100, 100, 100}, 2, 3));
        Graph built = graph.build();
        Map<String, Tensor> used = new LinkedHashMap<>();
        built.parameters().keySet().forEach(name -> used.put(name, weights.get(name)));
        OnnxCodec.write(OnnxModel.of(built, used), file);
        return file;
    }

    private Path standard() {
        return write(
                "last_hidden_state", List.of("input_ids", "attention_mask", "token_type_ids"), "batch", "sequence");
    }

    @Test
    void sizesComeFromTheGraph() {
        OnnxFile backbone = OnnxFile.open(standard(), config()).backbone();
        assertThat(backbone.hiddenSize()).isEqualTo(3);
        assertThat(backbone.vocabularySize()).isEqualTo(5);
        assertThat(backbone.maxLength()).isEqualTo(12);
        assertThat(backbone.causal()).isFalse();
        assertThat(OnnxFile.open(standard(), config().put("causal", true))
                        .backbone()
                        .causal())
                .isTrue();
    }

    @Test
    void tokenTypesAreZerosOrAnInput() {
        OnnxFile.Opened opened = OnnxFile.open(standard(), config());
        WeightStore weights = Head.create(Set.of(Head.REWARD, Head.VALUE), opened.weights(), 3, 1, 0.5);
        weights.get("score.weight").floats().put(new float[] {1, 1, 1});
        RewardModel zeros = new RewardModel(opened.backbone(), Pooling.MEAN, weights);
        Map<String, Tensor> inputs = Numbers.batch(3, new long[] {1, 2}, new long[] {3, 3, 3});
        assertThat(OnnxRuntime.run(zeros.rewardGraph(), weights, inputs)
                        .get("reward")
                        .toFloats())
                .containsExactly(new float[] {10.5f, 24}, within(1e-5f));
        RewardModel pairs = new RewardModel(opened.backbone().withTokenTypes(), Pooling.CLS, weights);
        assertThat(pairs.rewardGraph().inputs())
                .extracting(ValueInfo::name)
                .containsExactlyInAnyOrder("input_ids", "attention_mask", "token_type_ids");
        inputs.put("token_type_ids", Tensor.of(new long[] {1, 0, 0, 0, 0, 0}, 2, 3));
        assertThat(OnnxRuntime.run(pairs.rewardGraph(), weights, inputs)
                        .get("reward")
                        .toFloats())
                .containsExactly(new float[] {306, 24}, within(1e-4f));
    }

    @Test
    void anEncoderHasNoGradeGraph() {
        OnnxFile.Opened opened = OnnxFile.open(standard(), config());
        WeightStore weights = Head.create(Set.of(Head.REWARD, Head.VALUE), opened.weights(), 3, 1, 0);
        RewardModel model = new RewardModel(opened.backbone(), Pooling.MEAN, weights);
        assertThatThrownBy(model::gradeGraph).hasMessageContaining("need a pass each");
    }

    @Test
    void aSavedModelIsAnOnnxFileWithItsHeads() {
        OnnxFile.Opened opened = OnnxFile.open(standard(), config());
        WeightStore weights = Head.create(Set.of(Head.REWARD, Head.VALUE), opened.weights(), 3, 1, 0.5);
        RewardModel model = new RewardModel(opened.backbone(), Pooling.MEAN, weights);
        weights.get("words.weight").floats().put(0, 42);
        weights.get("value.weight").floats().put(new float[] {1, 2, 3});
        ModelFolder saved = model.save(folder.resolve("saved"), into -> {});

        RewardModel loaded = RewardModel.load(saved);
        assertThat(loaded.pooling()).isEqualTo(Pooling.MEAN);
        assertThat(loaded.weights().contentHash()).isEqualTo(weights.contentHash());
        assertThat(loaded.backbone()).isInstanceOf(OnnxFile.class);
        OnnxModel file = OnnxCodec.read(saved.requireOnnx());
        assertThat(file.graph().outputs())
                .extracting(ValueInfo::name)
                .containsExactly("last_hidden_state", "reward", "value");
        Map<String, Tensor> inputs = Numbers.batch(3, new long[] {0, 2}, new long[] {3, 3, 3});
        float[] expected = OnnxRuntime.run(model.rewardGraph(), weights, inputs)
                .get("reward")
                .toFloats();
        assertThat(OnnxRuntime.run(loaded.rewardGraph(), loaded.weights(), inputs)
                        .get("reward")
                        .toFloats())
                .containsExactly(expected);
        inputs.put("token_type_ids", Tensor.of(new long[6], 2, 3));
        assertThat(OnnxRuntime.run(file.graph(), new WeightStore(file.weights()), inputs)
                        .get("reward")
                        .toFloats())
                .containsExactly(expected, within(1e-5f));
    }

    @Test
    void newHeadsAreMadeOnlyWhenAskedFor() {
        standard();
        OnnxFile.Opened opened = OnnxFile.open(folder.resolve("model.onnx"), config());
        assertThat(opened.weights().names()).containsExactly("words.weight", "types.weight");
        ObjectNode config = config();
        ModelFolder written = ModelFolder.write(
                folder.resolve("encoder"),
                config,
                into -> OnnxCodec.write(OnnxCodec.read(folder.resolve("model.onnx")), into.resolve("model.onnx")));
        assertThatThrownBy(() -> RewardModel.load(written, Optional.of(Pooling.CLS), Set.of(), 0))
                .hasMessageContaining("reward checkpoint has no head 'score.weight'");
        assertThatThrownBy(() -> RewardModel.load(written, Optional.empty(), Set.of(Head.REWARD), 0))
                .hasMessageContaining("'pooling' is missing")
                .hasMessageContaining("last_token, mean or cls");
        assertThat(RewardModel.load(written, Optional.of(Pooling.CLS), Set.of(Head.REWARD), 3)
                        .hasValueHead())
                .isFalse();
    }

    @Test
    void refusesFilesThatAreNotEncoders() {
        Path other = write("pooler_output", List.of("input_ids", "attention_mask"), "batch", "sequence");
        assertThatThrownBy(() -> OnnxFile.open(other, config()))
                .hasMessageContaining("there is no output 'last_hidden_state'")
                .hasMessageContaining("the outputs are [pooler_output]")
                .hasMessageContaining("'hidden_output' in config.json");
        assertThat(OnnxFile.open(other, config().put("hidden_output", "pooler_output"))
                        .backbone()
                        .hasTokenTypes())
                .isFalse();
        Path positions =
                write("last_hidden_state", List.of("input_ids", "attention_mask", "position_ids"), "batch", "sequence");
        assertThatThrownBy(() -> OnnxFile.open(positions, config()))
                .hasMessageContaining("the inputs are [input_ids, attention_mask, position_ids]");
        Path unmasked = write("last_hidden_state", List.of("input_ids"), "batch", "sequence");
        assertThatThrownBy(() -> OnnxFile.open(unmasked, config())).hasMessageContaining("the inputs are [input_ids]");
        Path fixed = write("last_hidden_state", List.of("input_ids", "attention_mask"), 1, 8);
        assertThatThrownBy(() -> OnnxFile.open(fixed, config()))
                .hasMessageContaining("the input 'input_ids' is INT64[1, 8]")
                .hasMessageContaining("dynamic axes");
    }

    @Test
    void refusesAConfigurationThatContradictsTheFile() {
        Path file = standard();
        assertThatThrownBy(() -> OnnxFile.open(file, config().put("hidden_size", 4)))
                .hasMessageContaining(
                        "'hidden_size' is 4, but the ONNX file has 3 as the last dimension of its output");
        assertThatThrownBy(() -> OnnxFile.open(file, JsonNodeFactory.instance.objectNode()))
                .hasMessageContaining("'max_position_embeddings' is missing");
        OnnxFile backbone = OnnxFile.open(file, config()).backbone();
        assertThatThrownBy(() -> Backbones.initialize(backbone, 1))
                .hasMessageContaining("cannot start from new weights");
    }

    @Test
    void onlyAFileWithTokenTypesCanTakeThem() {
        Path file = write("last_hidden_state", List.of("input_ids", "attention_mask"), "batch", "sequence");
        OnnxFile backbone = OnnxFile.open(file, config()).backbone();
        assertThatThrownBy(backbone::withTokenTypes).hasMessageContaining("has no input token_type_ids");
        assertThat(backbone.parameters().keySet()).containsExactly("words.weight");
    }
}
