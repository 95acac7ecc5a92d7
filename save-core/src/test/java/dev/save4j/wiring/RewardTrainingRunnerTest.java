package dev.save4j.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.data.JsonLinesWriter;
import dev.save4j.engine.Checkpointing;
import dev.save4j.lab.FlawRates;
import dev.save4j.lab.Labels;
import dev.save4j.lab.TaleDataset;
import dev.save4j.lab.TalePair;
import dev.save4j.lab.TaleSizes;
import dev.save4j.lab.TaleVocabulary;
import dev.save4j.loop.Progress;
import dev.save4j.models.Backbones;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.report.Markup;
import dev.save4j.run.ExperimentReader;
import dev.save4j.run.RewardTrainingFolder;
import dev.save4j.run.RewardTrainingSettings;
import dev.save4j.tokenizers.WordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whole trainings of a reward model of a few thousand weights on pairs of the lab. */
class RewardTrainingRunnerTest {
    @TempDir
    private static Path given;

    @TempDir
    private Path output;

    @BeforeAll
    static void writeModelAndPairs() {
        List<String> words = TaleVocabulary.standard().words();
        Llama backbone = new Llama(LlamaConfig.small(words.size(), 16, 1, 2, 1, 24, 64));
        try (WordTokenizer tokenizer = new WordTokenizer(words.subList(TaleVocabulary.EOS + 1, words.size()))) {
            new RewardModel(
                            backbone,
                            Pooling.LAST_TOKEN,
                            Head.create(EnumSet.allOf(Head.class), Backbones.initialize(backbone, 3), 16, 3, 0))
                    .save(given.resolve("model"), tokenizer::writeTo);
        }
        TaleDataset tales =
                TaleDataset.generate(5, new TaleSizes(1, 24, 40, 1, 1), FlawRates.defaults(), new Labels.GoldOrder(0));
        write(tales.preferences(), given.resolve("train.jsonl"));
        write(tales.heldOut(), given.resolve("eval.jsonl"));
    }

    private static void write(List<TalePair> pairs, Path file) {
        try (JsonLinesWriter writer = JsonLinesWriter.append(file)) {
            pairs.forEach(pair -> writer.write(Map.of(
                    "prompt", pair.preference().promptText(),
                    "chosen", pair.preference().chosenText(),
                    "rejected", pair.preference().rejectedText())));
        }
    }

    private static RewardTrainingSettings settings(String model, String heldOut) {
        return new RewardTrainingSettings(
                model,
                false,
                Optional.empty(),
                given.resolve("train.jsonl").toString(),
                given.resolve(heldOut).toString(),
                48,
                17,
                new RewardTrainingSettings.EngineNames("onnxruntime", "djl-pytorch", 1, Checkpointing.NONE),
                ExperimentReader.resolve(
                                "name: x\ndata: {lab: tales}\nreward: {training: {epochs: 2, batch: 8, warm_up: 0}}\n",
                                "x",
                                List.of())
                        .experiment()
                        .reward()
                        .training());
    }

    private RewardTrainingRunner.Outcome train(String name, List<String> notes) {
        return new RewardTrainingRunner(Registry.discover(), Progress.SILENT)
                .run(settings(given.resolve("model").toString(), "eval.jsonl"), output.resolve(name), notes::add);
    }

    @Test
    void leavesAFolderThatExplainsItself() throws IOException {
        List<String> notes = new ArrayList<>();
        RewardTrainingRunner.Outcome outcome = train("once", notes);
        assertThat(notes).anyMatch(note -> note.contains("24 kept")).anyMatch(note -> note.contains("40 kept"));
        assertThat(outcome.scores()).hasSize(40);
        RewardTrainingFolder folder = RewardTrainingFolder.open(output.resolve("once"));
        assertThat(folder.settings()).isEqualTo(settings(given.resolve("model").toString(), "eval.jsonl"));
        assertThat(Files.readAllLines(folder.metrics())).hasSize(6);
        assertThat(Files.readAllLines(folder.timing())).hasSize(6);
        assertThat(Files.readAllLines(folder.scores())).hasSize(40);
        List<JsonNode> mistakes = Files.readAllLines(folder.mistakes()).stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .toList();
        assertThat(mistakes).hasSizeBetween(1, 10).allMatch(line -> margin(line) < 0);
        assertThat(mistakes.stream().map(RewardTrainingRunnerTest::margin)).isSorted();
        JsonNode manifest = JsonMapper.shared().readTree(Files.readString(folder.manifest()));
        assertThat(manifest.path("model").path("backbone").asString()).isEqualTo("llama");
        RewardModel trained = RewardModel.load(ModelFolder.open(folder.model()));
        assertThat(manifest.path("model").path("sha256_trained").asString())
                .isEqualTo(trained.weights().contentHash())
                .isNotEqualTo(manifest.path("model").path("sha256_start").asString());

        String html = Files.readString(folder.report());
        Markup.everyElementIsClosed(html);
        Markup.holdsItsPlotsAndNothingFromOutside(
                html, Markup.plots(folder.plots()).values());
        assertThat(html)
                .contains("Held-out evaluation", "The most wrong held-out pairs", "Use the model", "How it was made")
                .contains(trained.weights().contentHash());
        assertThat(Markup.plots(folder.plots())).hasSize(6);
    }

    private static double margin(JsonNode line) {
        return line.path("chosen_score").doubleValue()
                - line.path("rejected_score").doubleValue();
    }

    @Test
    void theSameSeedGivesTheSameBytesButForTimes() throws IOException {
        RewardTrainingFolder one = train("one", new ArrayList<>()).folder();
        RewardTrainingFolder two = train("two", new ArrayList<>()).folder();
        assertThat(two.metrics()).hasSameBinaryContentAs(one.metrics());
        assertThat(two.scores()).hasSameBinaryContentAs(one.scores());
        assertThat(two.mistakes()).hasSameBinaryContentAs(one.mistakes());
        assertThat(two.model().resolve("model.safetensors"))
                .hasSameBinaryContentAs(one.model().resolve("model.safetensors"));
        assertThat(Markup.plots(two.plots())).containsExactlyInAnyOrderEntriesOf(Markup.plots(one.plots()));
        assertThat(timeless(two)).isEqualTo(timeless(one));
    }

    private static String timeless(RewardTrainingFolder folder) throws IOException {
        return Files.readString(folder.report())
                .replace(folder.path().toString(), "FOLDER")
                .replace(folder.path().getFileName() + "</h1>", "NAME</h1>")
                .replace(folder.path().getFileName() + " - save4j</title>", "NAME</title>")
                .replaceAll("started \\S+ · \\d+ s of training", "TIMES");
    }

    @Test
    void aMistakeLeavesNoFolderBehind() throws IOException {
        RewardTrainingRunner runner = new RewardTrainingRunner(Registry.discover(), Progress.SILENT);
        Path out = output.resolve("wrong");
        assertThatThrownBy(() -> runner.run(settings("no-such-model", "eval.jsonl"), out, note -> {}))
                .hasMessageContaining("no-such-model");
        assertThatThrownBy(() -> runner.run(settings("no-such-model", "missing.jsonl"), out, note -> {}))
                .hasMessageContaining("missing.jsonl");
        assertThat(out).doesNotExist();
        Files.createDirectories(out);
        assertThatThrownBy(() -> runner.run(settings("no-such-model", "eval.jsonl"), out, note -> {}))
                .hasMessage("'" + out + "' exists already; give a new folder, nothing is overwritten");
    }
}
