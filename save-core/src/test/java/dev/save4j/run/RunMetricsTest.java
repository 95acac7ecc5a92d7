package dev.save4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.run.Experiment.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunMetricsTest {
    @TempDir
    private Path output;

    @Test
    void readsWhatARunHasWritten() {
        RunMetrics run = RunMetrics.read(WrittenRun.whole(output).folder());
        assertThat(run.complete()).isTrue();
        assertThat(run.name()).isEqualTo("written");
        assertThat(run.notes()).isEmpty();
        assertThat(run.modes()).extracting(ModeMetrics::mode).containsExactly(Mode.values());
        ModeMetrics save = run.mode(Mode.SAVE).orElseThrow();
        assertThat(save.lastStep()).isEqualTo(60);
        assertThat(save.seconds()).isEqualTo(150);
        assertThat(save.series("eval/gold").points()).hasSize(7);
        assertThat(save.series("eval/gold").first()).contains(new Series.Point(0, 0.55));
        assertThat(save.metrics().lists("save/advantage_histogram")).hasSize(60);
        assertThat(save.metrics().lists("save/advantage_histogram").get(0)).satisfies(counts -> {
            assertThat(counts.step()).isEqualTo(1);
            assertThat(counts.values()).hasSize(18);
            assertThat(counts.values().stream().mapToDouble(Double::doubleValue).sum())
                    .isEqualTo(96);
        });
        assertThat(save.samples()).hasSize(240);
        assertThat(save.samples().get(0).label()).isEqualTo(1);
        assertThat(run.fineTuning().series("loss").points()).hasSize(200);
        assertThat(run.rewardTraining().series("held_out_accuracy").points()).hasSize(8);
        RunManifest manifest = run.manifest().orElseThrow();
        assertThat(manifest.engines())
                .containsEntry("rollout", "onnxruntime 1.29.0")
                .containsEntry("threads", "1");
        assertThat(manifest.machine()).containsEntry("processors", "2");
        assertThat(manifest.algorithm()).hasSize(3);
    }

    @Test
    void aRunInProgressLacksModesAndManifest() {
        WrittenRun written = new WrittenRun(output, 60, "static, save").mode(Mode.STATIC, 20, 0.1, 0.6);
        RunMetrics run = RunMetrics.read(written.folder());
        assertThat(run.complete()).isFalse();
        assertThat(run.manifest()).isEmpty();
        assertThat(run.fineTuning().isEmpty()).isTrue();
        assertThat(run.modes()).singleElement().satisfies(mode -> {
            assertThat(mode.complete()).isFalse();
            assertThat(mode.lastStep()).isEqualTo(20);
        });
    }

    @Test
    void aTornLastLineIsLeftOutAndNoted() throws IOException {
        RunFolder folder =
                new WrittenRun(output, 60, "save").gold(Mode.SAVE, 0, 0.5).folder();
        append(folder.metrics(Mode.SAVE), "{\"eval/gold\":0.6,\"st");
        RunMetrics run = RunMetrics.read(folder);
        assertThat(run.modes().get(0).metrics().steps()).containsExactly(0);
        assertThat(run.notes())
                .containsExactly("the last line of metrics.jsonl in save is incomplete and was left out");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":1,              | not valid JSON",
                "[1]                    | expected one JSON object, but there is [1]",
                "{\"a\":1}              | 'step' must be a whole number, but is missing",
                "{\"step\":1.5}         | 'step' must be a whole number, but is 1.5",
                "{\"step\":0}           | step 0 comes after step 0",
                "{\"step\":1,\"a\":\"x\"} | 'a' must be a number, but is \"x\"",
                "{\"step\":1,\"a\":null}  | 'a' must be a number, but is null",
                "{\"step\":1,\"h\":[1]}   | 'h' has 1 numbers, in the lines before 2",
                "{\"step\":1,\"step\":2}  | not valid JSON"
            })
    void aDamagedLineIsAnErrorThatNamesFileAndLine(String line, String problem) throws IOException {
        RunFolder folder = new WrittenRun(output, 60, "save").folder();
        Path file = folder.metrics(Mode.SAVE);
        WrittenRun.write(file, "{\"step\":0,\"h\":[1,2]}\n");
        append(file, line + "\n{\"step\":2}\n");
        assertThatThrownBy(() -> RunMetrics.read(folder))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageStartingWith("line 2 of '" + file + "' is damaged: ")
                .hasMessageContaining(problem)
                .hasMessageEndingWith("; mend or remove the line");
    }

    @Test
    void aSampleThatLacksAFieldIsDamage() throws IOException {
        RunFolder folder = WrittenRun.whole(output).folder();
        Path file = folder.samples(Mode.STATIC);
        append(file, "{\"step\":61,\"prompt\":\"p\"}\n");
        assertThatThrownBy(() -> RunMetrics.read(folder))
                .hasMessage("line 241 of '" + file
                        + "' is damaged: 'answer' must be a text, but is missing; mend or remove the line");
    }

    @Test
    void readsNumbersThatJsonDoesNotHave() {
        RunFolder folder = new WrittenRun(output, 60, "save")
                .evaluation(Mode.SAVE, 0, Map.of("a", Double.NaN, "b", Double.NEGATIVE_INFINITY))
                .evaluation(Mode.SAVE, 1, Map.of("a", 2.0, "b", Double.POSITIVE_INFINITY))
                .folder();
        ModeMetrics save = RunMetrics.read(folder).modes().get(0);
        assertThat(save.series("a").points()).hasSize(2);
        assertThat(save.series("a").finite().points()).containsExactly(new Series.Point(1, 2));
        assertThat(save.series("b").values()).containsExactly(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    @Test
    void aDamagedManifestIsAnErrorThatSaysWhere() {
        RunFolder folder = new WrittenRun(output, 60, "save").folder();
        WrittenRun.write(folder.manifest(), "{\n  \"save4j\": \"1\",\n  oops\n}\n");
        assertThatThrownBy(() -> RunMetrics.read(folder))
                .isInstanceOf(SaveException.class)
                .hasMessageStartingWith("line 3 of '" + folder.manifest() + "' is damaged: not valid JSON");
        WrittenRun.write(folder.manifest(), "{\"save4j\": \"1\"}");
        assertThatThrownBy(() -> RunMetrics.read(folder))
                .hasMessage("'" + folder.manifest()
                        + "' is damaged: 'started' is missing; restore the manifest of the run");
    }

    private static void append(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.APPEND);
    }
}
