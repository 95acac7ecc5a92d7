package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tokenizers.ByteTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classifiers of sequences that are made here. */
class ScoringModelTest {
    @TempDir
    Path folder;

    /** The logits are sums over tokens of a row of the table; token types add 100 to all of them. */
    private ModelFolder write(float[] table, int labels, String config) throws IOException {
        GraphBuilder graph = new GraphBuilder("classifier");
        Value ids = graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = graph.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value types = graph.input("token_type_ids", ElementType.INT64, "batch", "sequence");
        Value tokens = graph.parameter("table", table.length / labels, labels).gather(ids, 0);
        Value seconds = types.cast(ElementType.FLOAT).mul(100).unsqueeze(2);
        graph.output(
                "logits",
                tokens.add(seconds)
                        .mul(mask.cast(ElementType.FLOAT).unsqueeze(2))
                        .sum(1, false));
        Graph built = graph.build();
        OnnxCodec.write(
                OnnxModel.of(built, Map.of("table", Tensor.of(table, table.length / labels, labels))),
                folder.resolve("model.onnx"));
        Files.writeString(folder.resolve("config.json"), config);
        return ModelFolder.open(folder);
    }

    private static float[] scores(ScoringModel model) {
        Map<String, Tensor> inputs = Numbers.batch(3, new long[] {0, 1}, new long[] {1, 1, 1});
        if (model.hasTokenTypes()) {
            inputs.put("token_type_ids", Tensor.of(new long[6], 2, 3));
        }
        return OnnxRuntime.run(model.graph(), model.weights(), inputs)
                .get(ScoringModel.OUTPUT)
                .toFloats();
    }

    @Test
    void theLogitOfOneLabelIsTheScore() throws IOException {
        ScoringModel model = ScoringModel.load(
                write(
                        new float[] {1, 2.5f, 4},
                        1,
                        "{\"model_type\": \"bert\", \"max_position_embeddings\": 64, \"pad_token_id\": 2}"),
                Optional.empty());
        assertThat(scores(model)).containsExactly(3.5f, 7.5f);
        assertThat(model.causal()).isFalse();
        assertThat(model.maxLength()).isEqualTo(64);
        assertThat(model.padding()).isEqualTo(2);
        assertThat(model.rule()).isEqualTo("the logit");
        assertThat(model.hasTokenTypes()).isTrue();
    }

    @Test
    void ofTwoLabelsTheSecondIsGoodUnlessTheOtherIsChosen() throws IOException {
        ModelFolder classifier = write(
                new float[] {1, 2, 3, 5, 0, 0},
                2,
                "{\"max_position_embeddings\": 8, \"id2label\": {\"0\": \"toxic\", \"1\": \"fine\"}}");
        ScoringModel second = ScoringModel.load(classifier, Optional.empty());
        assertThat(scores(second)).containsExactly(3, 6);
        assertThat(second.rule()).isEqualTo("the log-odds of label 1 (fine)");
        assertThat(scores(ScoringModel.load(classifier, Optional.of("toxic")))).containsExactly(-3, -6);
        assertThat(scores(ScoringModel.load(classifier, Optional.of("1")))).containsExactly(3, 6);
        assertThatThrownBy(() -> ScoringModel.load(classifier, Optional.of("nice")))
                .hasMessageContaining("has no label 'nice'; it has 2: {0=toxic, 1=fine}");
    }

    @Test
    void ofMoreLabelsOneMustBeChosen() throws IOException {
        ModelFolder classifier =
                write(new float[] {0, 0, 0, 1, 200, 3, 0, 0, 0}, 3, "{\"max_position_embeddings\": 8}");
        assertThatThrownBy(() -> ScoringModel.load(classifier, Optional.empty()))
                .hasMessageContaining(
                        "has 3 labels; say which one is good, by name or number, as in " + folder + "?label=2");
        // 3 - log(e^1 + e^200) and thrice that, without overflow.
        assertThat(scores(ScoringModel.load(classifier, Optional.of("2"))))
                .containsExactly(new float[] {-197, -591}, within(1e-3f));
    }

    @Test
    void anExportedDecoderReadsOneText() throws IOException {
        String config = "{\"model_type\": \"llama\", \"max_position_embeddings\": 4096}";
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 512}");
        ScoringModel model = ScoringModel.load(write(new float[] {1, 2, 3}, 1, config), Optional.empty());
        assertThat(model.causal()).isTrue();
        assertThat(model.maxLength()).isEqualTo(512);
    }

    @Test
    void whatIsMissingIsSaid() throws IOException {
        ModelFolder noLength = write(new float[] {1, 2, 3}, 1, "{}");
        assertThatThrownBy(() -> ScoringModel.load(noLength, Optional.empty()))
                .hasMessageContaining("'max_position_embeddings' is missing");
    }

    @Test
    void aRewardModelHasNoLabels() {
        Llama backbone = new Llama(LlamaConfig.small(32, 16, 2, 2, 24));
        RewardModel reward = new RewardModel(
                backbone,
                Pooling.LAST_TOKEN,
                Head.create(java.util.Set.of(Head.REWARD), Backbones.initialize(backbone, 1), 16, 2, 0));
        ModelFolder saved = reward.save(folder.resolve("reward"), new ByteTokenizer()::writeTo);
        assertThat(ScoringModel.load(saved, Optional.empty()).rule()).isEqualTo("the reward head");
        assertThatThrownBy(() -> ScoringModel.load(saved, Optional.of("good")))
                .hasMessageContaining("is no classifier with logits, so that the label 'good' cannot be chosen");
    }
}
