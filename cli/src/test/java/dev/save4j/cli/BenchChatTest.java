package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.models.Backbones;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.RewardModel;
import dev.save4j.tokenizers.ByteTokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A reward model with a chat template is measured with it. */
class BenchChatTest {
    private static final String TEMPLATE =
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

    @TempDir
    private Path folder;

    private Path pairs;
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void writePairs() throws IOException {
        pairs = Files.writeString(folder.resolve("pairs.jsonl"), """
                {"prompt": "first", "chosen": "an answer", "rejected": "none"}
                {"prompt": "second", "chosen": "short", "rejected": "rather a long one that is cut"}
                """);
    }

    /** As Transformers would have saved it, which does not say how it pools. */
    private Path model(boolean template) throws IOException {
        Llama backbone = new Llama(LlamaConfig.small(260, 16, 2, 2, 64));
        Path place = folder.resolve("model-" + template);
        ModelFolder.write(
                place,
                backbone.config(),
                Head.create(Set.of(Head.REWARD), Backbones.initialize(backbone, 1), 16, 2, 0),
                new ByteTokenizer()::writeTo);
        if (template) {
            Files.writeString(place.resolve("chat_template.jinja"), TEMPLATE);
        }
        return place;
    }

    private int bench(Path model, String... more) {
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(new StringWriter()));
        command.setErr(new PrintWriter(err));
        String[] arguments = {
            "bench",
            "reward",
            "--models",
            "rm=" + model,
            "--data",
            folder.toString(),
            "--preferences",
            pairs.toString(),
            "--out",
            folder.resolve("out").toString()
        };
        return command.execute(
                Stream.of(arguments, more).flatMap(Arrays::stream).toArray(String[]::new));
    }

    private JsonNode results() {
        return JsonMapper.shared().readTree(folder.resolve("out/results.json").toFile());
    }

    private String scores() throws IOException {
        return Files.readString(folder.resolve("out/items.jsonl"));
    }

    @Test
    void theModelsTemplateIsUsedUnlessNoneIsWanted() throws IOException {
        Path model = model(true);
        assertThat(bench(model)).as(err.toString()).isZero();
        JsonNode facts = results().path("scorers").get(0).path("facts");
        assertThat(facts.path("template").stringValue()).endsWith("chat_template.jinja");
        assertThat(facts.path("template_sha256").stringValue()).hasSize(64);
        String withTemplate = scores();
        // The kept scores belong to the template: without it other ones are computed into the same folder.
        assertThat(bench(model, "--chat", "none")).as(err.toString()).isZero();
        assertThat(results()
                        .path("scorers")
                        .get(0)
                        .path("facts")
                        .path("template")
                        .stringValue())
                .isEqualTo("none");
        assertThat(scores()).isNotEqualTo(withTemplate);
        assertThat(bench(model)).isZero();
        assertThat(scores()).isEqualTo(withTemplate);
    }

    @Test
    void whatIsCutIsCounted() throws IOException {
        assertThat(bench(model(true), "--max-length", "40")).as(err.toString()).isZero();
        assertThat(results().path("entries").get(0).path("cut").intValue()).isEqualTo(1);
    }

    @Test
    void aTemplateThatIsAskedForMustBeThere() throws IOException {
        Path model = model(false);
        assertThat(bench(model, "--chat", "model")).isEqualTo(2);
        assertThat(err.toString()).contains("has no chat template, but one is asked for");
        assertThat(bench(model, "--chat", "nowhere.jinja")).isEqualTo(2);
        assertThat(err.toString()).contains("'nowhere.jinja' is no chat template: expected auto");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aModelThatNothingSaysHowToAskIsRefusedUntilItsUserDoes() throws IOException {
        Path model = model(false);
        assertThat(bench(model)).isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "has no chat template",
                        "give the template with --chat FILE, or score them as plain text with --chat none");
        assertThat(folder.resolve("out")).doesNotExist();
        assertThat(bench(model, "--chat", "none")).as(err.toString()).isZero();
        String plain = scores();
        assertThat(bench(Path.of(model + "?chat=none"))).as(err.toString()).isZero();
        assertThat(scores()).isEqualTo(plain);
        assertThat(bench(Path.of(model + "?cat=none"))).isEqualTo(2);
        assertThat(err.toString()).contains("a model takes the options ?label=NAME and ?chat=");
    }

    @Test
    void aModelThatSave4jHasTrainedReadsPlainText() throws IOException {
        ModelFolder open = ModelFolder.open(model(false));
        RewardModel.load(open).save(folder.resolve("trained"), open::copyTokenizerTo);
        assertThat(bench(folder.resolve("trained"))).as(err.toString()).isZero();
    }

    @Test
    void aTemplateOfTheUsersReplacesTheModels() throws IOException {
        Path file = Files.writeString(
                folder.resolve("turns.jinja"), "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}");
        assertThat(bench(model(true), "--chat", file.toString()))
                .as(err.toString())
                .isZero();
        assertThat(results()
                        .path("scorers")
                        .get(0)
                        .path("facts")
                        .path("template")
                        .stringValue())
                .isEqualTo(file.toString());
    }

    @Test
    void aModelWithoutHeadIsRefusedBeforeAnythingIsScored() throws IOException {
        Llama backbone = new Llama(LlamaConfig.small(260, 16, 2, 2, 64));
        Path place = folder.resolve("headless");
        ModelFolder.write(place, backbone.config(), Backbones.initialize(backbone, 1), new ByteTokenizer()::writeTo);
        assertThat(bench(place)).isEqualTo(2);
        assertThat(err.toString()).contains("has no head 'score.weight'");
        assertThat(folder.resolve("out")).doesNotExist();
    }
}
