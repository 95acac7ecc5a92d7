package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.engine.Checkpointing;
import dev.save4j.run.ExperimentReader;
import dev.save4j.run.RewardTrainingFolder;
import dev.save4j.run.RewardTrainingSettings;
import dev.save4j.run.WrittenRun;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RewardTrainingReportTest {
    private static final int PAIRS = 120;

    @TempDir
    private static Path output;

    private static RewardTrainingFolder folder;
    private static String html;

    @BeforeAll
    static void writeTheReportOfAWholeTraining() throws IOException {
        folder = begun("whole");
        steps(folder, 60);
        scores(folder);
        WrittenRun.lines(
                folder.mistakes(), List.of(mistake(7, "What is <b>2 + 2</b>?\n\nShow " + "work ".repeat(100))));
        Files.createDirectories(folder.model());
        Report.write(folder);
        html = Files.readString(folder.report());
    }

    private static RewardTrainingFolder begun(String name) {
        RewardTrainingSettings settings = new RewardTrainingSettings(
                "all-minilm-l6-v2",
                true,
                Optional.empty(),
                "train.jsonl",
                "my data/eval.jsonl",
                64,
                17,
                new RewardTrainingSettings.EngineNames("onnxruntime", "djl-pytorch", 2, Checkpointing.NONE),
                ExperimentReader.resolve(
                                "name: x\ndata: {lab: tales}\nreward: {training: {epochs: 3}}\n", "x", List.of())
                        .experiment()
                        .reward()
                        .training());
        RewardTrainingFolder made = RewardTrainingFolder.create(output.resolve(name), settings);
        WrittenRun.write(made.manifest(), """
                {
                  "save4j": "0.1.0",
                  "started": "2026-11-25T02:19:47Z",
                  "seed": 17,
                  "machine": {"java": "OpenJDK 17", "os": "Linux amd64", "processors": 2},
                  "engines": {"gradient": "djl-pytorch 2.7.1", "scoring": "onnxruntime 1.29.0", "threads": 2},
                  "data": {"sha256": "5c25aa2a", "notes": ["train.jsonl: 960 rows"]},
                  "algorithm": ["loss        -mean log s(r_chosen - r_rejected)"],
                  "model": {"backbone": "onnx-file", "sha256_start": "00ff", "sha256_trained": "11ee"}
                }
                """);
        WrittenRun.write(made.metrics(), "");
        return made;
    }

    private static void steps(RewardTrainingFolder of, int steps) {
        List<Map<String, Object>> lines = new ArrayList<>();
        List<Map<String, Object>> times = new ArrayList<>();
        for (int step = 1; step <= steps; step++) {
            Map<String, Object> line = new TreeMap<>(Map.of(
                    "step", step, "loss", 0.7 - 0.003 * step, "accuracy", 0.5 + 0.005 * step, "learning_rate", 1e-3));
            if (step % 20 == 0) {
                line.put("held_out_accuracy", 0.6 + step / 600.0);
            }
            lines.add(line);
            times.add(Map.of("step", step, "step_time", 0.25));
        }
        WrittenRun.lines(of.metrics(), lines);
        WrittenRun.lines(of.timing(), times);
    }

    /** Two thirds are ordered as labelled; the longer answer is the chosen one in a half of them. */
    private static void scores(RewardTrainingFolder of) {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (int pair = 1; pair <= PAIRS; pair++) {
            double margin = pair % 3 == 0 ? -0.02 * pair : 0.03 * pair;
            lines.add(Map.of(
                    "pair",
                    pair,
                    "chosen_score",
                    0.1 + margin,
                    "rejected_score",
                    0.1,
                    "chosen_length",
                    100,
                    "rejected_length",
                    pair % 2 == 0 ? 50 : 150));
        }
        WrittenRun.lines(of.scores(), lines);
    }

    private static Map<String, Object> mistake(int pair, String prompt) {
        return Map.of(
                "pair",
                pair,
                "prompt",
                prompt,
                "chosen",
                "4",
                "rejected",
                "5 & more",
                "chosen_score",
                -1.25,
                "rejected_score",
                0.5);
    }

    @Test
    void hasAllPlotsAndTheyAreImages() throws IOException {
        Map<String, byte[]> plots = Markup.plots(folder.plots());
        assertThat(plots)
                .containsOnlyKeys(
                        "calibration.png",
                        "held-out-accuracy.png",
                        "learning-curve.png",
                        "margins.png",
                        "reward-training-accuracy.png",
                        "reward-training-loss.png");
        for (Map.Entry<String, byte[]> plot : plots.entrySet()) {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(plot.getValue()));
            assertThat(image.getWidth()).as(plot.getKey()).isEqualTo(1800);
            assertThat(image.getHeight()).as(plot.getKey()).isEqualTo(840);
        }
    }

    @Test
    void isOneWellFormedFile() throws IOException {
        Markup.holdsItsPlotsAndNothingFromOutside(
                html, Markup.plots(folder.plots()).values());
        Markup.everyElementIsClosed(html);
    }

    @Test
    void saysWhatCameOut() {
        assertThat(html)
                .contains("<h1>whole</h1>")
                .contains("<span class=\"badge\">complete</span>")
                .contains("3 epoch(s), 60 steps · started 2026-11-25T02:19:47Z · 15 s of training")
                .contains("The reward model orders 66.7 % of the 120 held-out pairs as labelled.")
                .contains("Preferring the longer answer orders 50.0 % of them so.")
                .contains("Difference: +16.7\u00a0±\u00a06.3 points, the reward model is better.")
                .contains("The epoch that was kept is the best on these same pairs")
                .contains("<td class=\"number\">0.578 to 0.745</td>")
                .contains("calibration error");
    }

    @Test
    void showsTheWorstMistakesShortenedAndEscaped() {
        assertThat(html)
                .contains("Pair 7, margin -1.750: What is &lt;b&gt;2 + 2&lt;/b&gt;? Show work work")
                .contains("work wor …</th>")
                .contains("5 &amp; more")
                .contains("<td class=\"raised\">chosen</td>")
                .contains("<td class=\"number\">-1.250</td>");
        assertThat(RewardTrainingPage.shortened("😀".repeat(361))).isEqualTo("😀".repeat(360) + " …");
        assertThat(RewardTrainingPage.shortened(" a\n b ")).isEqualTo("a b");
    }

    @Test
    void saysHowItWasMadeAndHowToUseIt() {
        String path = folder.path().toString();
        assertThat(html)
                .contains("<dd>djl-pytorch 2.7.1</dd>")
                .contains("<code>5c25aa2a</code>")
                .contains("<code>11ee</code>")
                .contains("loss        -mean log s(r_chosen - r_rejected)")
                .contains("max_length: 64\nseed: 17\n")
                .contains(
                        "save4j reward score " + path + "/model --in answers.jsonl --out scored.jsonl --max-length 64")
                .contains("reward:\n  model: " + path + "/model\n  backbone: onnx-file\n")
                .contains("save4j reward train \\\n  --model all-minilm-l6-v2 \\\n  --new-heads \\\n")
                .contains("--held-out &#39;my data/eval.jsonl&#39; \\\n")
                .contains("--set epochs=3 \\\n")
                .contains("save4j report " + path);
    }

    @Test
    void theSameTrainingGivesTheSameReport() throws IOException {
        Map<String, byte[]> before = Markup.plots(folder.plots());
        Report.write(folder);
        assertThat(Files.readString(folder.report())).isEqualTo(html);
        assertThat(Markup.plots(folder.plots())).containsExactlyInAnyOrderEntriesOf(before);
    }

    @Test
    void aTrainingInProgressHasAReportToo() throws IOException {
        RewardTrainingFolder begun = begun("begun");
        steps(begun, 25);
        Report.write(RewardTrainingFolder.open(begun.path()));
        assertThat(Files.readString(begun.report()))
                .contains("in progress")
                .contains("The held-out pairs have not been scored yet.")
                .doesNotContain("Use the model");
        assertThat(Markup.plots(begun.plots()))
                .containsOnlyKeys("reward-training-accuracy.png", "reward-training-loss.png");
    }

    @Test
    void oneEpochHasNoLearningCurveAndAModelThatKnowsNothingIsDrawnToo() throws IOException {
        RewardTrainingFolder flat = begun("flat");
        steps(flat, 20);
        WrittenRun.lines(
                flat.scores(),
                List.of(Map.of(
                        "pair", 1,
                        "chosen_score", 0.5,
                        "rejected_score", 0.5,
                        "chosen_length", 1,
                        "rejected_length", 1)));
        Report.write(flat);
        assertThat(Markup.plots(flat.plots())).containsKeys("margins.png", "calibration.png");
        assertThat(Markup.plots(flat.plots())).doesNotContainKey("learning-curve.png");
        assertThat(Files.readString(flat.report()))
                .contains("which is not told apart from chance")
                .contains("the same on every pair")
                .contains("Ties, drawn right of 0 but counted as wrong: 1.");
    }

    @Test
    void aDamagedFileIsNamedWithItsLine() {
        RewardTrainingFolder damaged = begun("damaged");
        WrittenRun.write(damaged.scores(), "{\"pair\": 1.5}\n");
        assertThatThrownBy(() -> Report.write(damaged))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("line 1 of '" + damaged.scores() + "' is damaged: 'pair' must be a whole number");
        WrittenRun.write(damaged.path().resolve("config.yaml"), "seed: seventeen\n");
        assertThatThrownBy(() -> Report.write(damaged))
                .hasMessageContaining("config.yaml' has wrong settings:")
                .hasMessageContaining("line 1: seed must be a whole number")
                .hasMessageContaining("seed must be a whole number, but is \"seventeen\"")
                .hasMessageContaining("model must be given");
    }

    @Test
    void neverOverwritesAFolder() {
        assertThatThrownBy(() -> RewardTrainingFolder.requireNew(output))
                .hasMessageContaining("exists already; give a new folder");
        assertThatThrownBy(() -> RewardTrainingFolder.open(output))
                .hasMessageContaining("is not a folder that 'save4j reward train' has made");
    }

    @Test
    void settingsSurviveTheirFile() {
        assertThat(RewardTrainingFolder.open(folder.path()).settings()).isEqualTo(folder.settings());
        assertThat(folder.settings().training().epochs()).isEqualTo(3);
        assertThat(folder.settings().pooling()).isEmpty();
    }
}
