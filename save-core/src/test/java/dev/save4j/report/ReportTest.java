package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunFolder;
import dev.save4j.run.RunMetrics;
import dev.save4j.run.WrittenRun;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    @TempDir
    private static Path output;

    private static RunFolder folder;
    private static String html;

    @BeforeAll
    static void writeTheReportOfAWholeRun() throws IOException {
        folder = WrittenRun.whole(output).folder();
        Report.write(folder);
        html = Files.readString(folder.report());
    }

    private static Map<String, byte[]> plots(RunFolder of) throws IOException {
        return Markup.plots(of.plots());
    }

    @Test
    void drawsEveryPlotThatHasData() throws IOException {
        assertThat(plots(folder))
                .containsOnlyKeys(
                        "accuracy.png",
                        "advantages.png",
                        "contrast-loss.png",
                        "fine-tuning.png",
                        "gold-over-kl.png",
                        "gold.png",
                        "held-out-accuracy.png",
                        "kl.png",
                        "label-accuracy.png",
                        "labels.png",
                        "length.png",
                        "proxy-reward.png",
                        "replay-loss.png",
                        "reward-training-accuracy.png",
                        "reward-training-loss.png",
                        "value-loss.png");
    }

    @Test
    void plotsAreImagesOfTheStatedSizeInTheColoursOfTheModes() throws IOException {
        for (Path file :
                List.of(folder.plots().resolve("gold.png"), folder.plots().resolve("advantages.png"))) {
            BufferedImage image = ImageIO.read(file.toFile());
            assertThat(image.getWidth()).isEqualTo(1800);
            assertThat(image.getHeight()).isEqualTo(840);
        }
        BufferedImage gold = ImageIO.read(folder.plots().resolve("gold.png").toFile());
        for (Mode mode : Mode.values()) {
            assertThat(pixels(gold, PlotStyle.color(mode).getRGB()))
                    .as(mode.label())
                    .isGreaterThan(1000);
        }
        assertThat(pixels(gold, 0xffffffff)).isGreaterThan(1800 * 840 / 2);
    }

    private static int pixels(BufferedImage image, int color) {
        int count = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                count += image.getRGB(x, y) == color ? 1 : 0;
            }
        }
        return count;
    }

    @Test
    void holdsItsPlotsAndNothingFromOutside() throws IOException {
        Markup.holdsItsPlotsAndNothingFromOutside(html, plots(folder).values());
    }

    @Test
    void escapesWhatModelsWrite() {
        assertThat(html)
                .contains("emma coin garden &lt;scared&gt; :")
                .contains("emma &amp; her cat found a &lt;b&gt;golden coin&lt;/b&gt;")
                .doesNotContain("<scared>")
                .doesNotContain("<b>golden");
        assertThat(Html.escape("a\"b'c\u0000\ud800d\ne")).isEqualTo("a&quot;b&#39;c\ufffd\ufffdd\ne");
    }

    @Test
    void everyElementIsClosed() {
        Markup.everyElementIsClosed(html);
    }

    @Test
    void saysWhatWasRunAndWhatCameOut() {
        assertThat(html)
                .contains("<h1>written</h1>")
                .contains("<span class=\"badge\">complete</span>")
                .contains("seed 17 · 60 steps")
                .contains("started 2026-11-25T02:19:47Z")
                .contains("save is ahead: its gold reward is higher than that of static and labelled-only.")
                .contains("<td class=\"number\">0.702 ± 0.012</td>")
                .contains("<dd>djl-pytorch 2.7.1</dd>")
                .contains("<dd>300 labelled pairs, 42 of them mislabelled</dd>")
                .contains("reward      R_i = r_i")
                .contains("beta = 0.03")
                .contains("name: written\n")
                .contains("save4j run runs/written/config.yaml --set seed=18")
                .doesNotContain("--resume");
    }

    @Test
    void showsTheAnswersOfTheFirstAndTheLastStep() {
        assertThat(html)
                .contains("Step 1: emma")
                .contains("Step 60: emma")
                .doesNotContain("Step 30: emma")
                .contains("<td class=\"raised\">raised</td>")
                .contains("<td class=\"number\">-1.250</td>")
                .contains("[cut off]");
        assertThat(html.split("Step 1: emma", -1)).hasSize(5);
    }

    @Test
    void theSameRunGivesTheSameReport() throws IOException {
        Map<String, byte[]> before = plots(folder);
        Report.write(folder);
        assertThat(Files.readString(folder.report())).isEqualTo(html);
        assertThat(plots(folder)).containsExactlyInAnyOrderEntriesOf(before);
    }

    @Test
    void aRunInProgressSaysHowToGoOn() throws IOException {
        WrittenRun written = new WrittenRun(output, 60, "static, save").mode(Mode.STATIC, 3, 0.1, 0.6);
        RunFolder begun = written.folder();
        Files.writeString(begun.timing(Mode.STATIC), "{\"step\":", java.nio.file.StandardOpenOption.APPEND);
        Report.write(begun);
        assertThat(Files.readString(begun.report()))
                .contains("<span class=\"badge open\">in progress</span>")
                .contains("--resume")
                .contains("static (at step 3)")
                .contains("the last line of timing.jsonl in static is incomplete and was left out");
        assertThat(plots(begun)).doesNotContainKeys("advantages.png", "labels.png", "fine-tuning.png");
    }

    @Test
    void aRunThatHasNotBegunHasAReportToo() throws IOException {
        RunFolder empty = new WrittenRun(output, 60, "save").folder();
        Report.write(empty);
        assertThat(Files.readString(empty.report()))
                .contains("No mode has begun yet.")
                .doesNotContain("<img");
        assertThat(empty.plots()).doesNotExist();
    }

    @Test
    void withoutGoldThereAreNoPlotsAndColumnsOfIt() throws IOException {
        WrittenRun written = new WrittenRun(output, 10, "save");
        for (int step = 1; step <= 10; step += 9) {
            written.evaluation(
                    Mode.SAVE,
                    step,
                    Map.of("reward", 1.0 + step, "eval/held_out_accuracy", 0.7, "eval/held_out_error", 0.01));
        }
        WrittenRun.write(
                written.folder().samples(Mode.SAVE),
                "{\"step\":1,\"prompt\":\"p\",\"answer\":\"a\",\"finish\":\"stop\",\"reward\":1.0,\"value\":0.5,\"advantage\":0.5,"
                        + "\"label\":1,\"gold\":\"NaN\"}\n");
        Report.write(written.folder());
        assertThat(plots(written.folder())).containsOnlyKeys("proxy-reward.png", "held-out-accuracy.png");
        assertThat(Files.readString(written.folder().report()))
                .contains("Step 1: p")
                .doesNotContain("class=\"number\">gold")
                .doesNotContain("NaN");
    }

    @Test
    void drawsWhatIsDegenerateAndCountsWhatCannotBeShown() throws IOException {
        WrittenRun written = new WrittenRun(output, 60, "save");
        double[] lengths = {0.1, 0.1 + 0.2 - 0.2, 0.1};
        double[] rewards = {1, 1e300, Double.NaN};
        for (int step = 1; step <= 3; step++) {
            written.evaluation(
                    Mode.SAVE, step, Map.of("completions/mean_length", lengths[step - 1], "reward", rewards[step - 1]));
        }
        Report.write(written.folder());
        assertThat(plots(written.folder())).containsOnlyKeys("length.png", "proxy-reward.png");
        assertThat(Files.readString(written.folder().report()))
                .containsOnlyOnce("Not shown, because not finite or beyond 1e12: 2 value(s).");
    }

    @Test
    void withoutFontsTheReportSaysWhyItHasNoPlots() {
        RunMetrics run = RunMetrics.read(folder);
        String page = new RunPage(
                        run,
                        RunSummary.of(run),
                        new Pictures(List.of(), Optional.of("There are no plots, because <reason>.")))
                .html();
        assertThat(page)
                .contains("<div class=\"note\">There are no plots, because &lt;reason&gt;.</div>")
                .contains("The modes compared")
                .doesNotContain("<img")
                .doesNotContain("The policy</h2>");
    }

    @Test
    void aDamagedRunHasNoReport() throws IOException {
        RunFolder damaged = new WrittenRun(output, 60, "save").folder();
        WrittenRun.write(damaged.metrics(Mode.SAVE), "nonsense\n{\"step\":1}\n");
        assertThatThrownBy(() -> Report.write(damaged))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("line 1 of '" + damaged.metrics(Mode.SAVE) + "'");
        assertThat(damaged.report()).doesNotExist();
    }
}
