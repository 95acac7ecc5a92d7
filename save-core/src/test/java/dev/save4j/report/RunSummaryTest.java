package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunMetrics;
import dev.save4j.run.WrittenRun;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunSummaryTest {
    @TempDir
    private Path output;

    private static RunSummary summary(WrittenRun written) {
        return RunSummary.of(RunMetrics.read(written.folder()));
    }

    /** A complete run whose modes start at gold 0.5. */
    private WrittenRun ending(Map<Mode, Double> ends) {
        Map<Mode, Double> gold = new EnumMap<>(ends);
        WrittenRun written = new WrittenRun(
                output,
                10,
                String.join(", ", gold.keySet().stream().map(Mode::label).toList()));
        gold.forEach(
                (mode, end) -> written.gold(mode, 0, 0.5).gold(mode, 10, end).complete(mode));
        return written;
    }

    private String headline(Map<Mode, Double> gold) {
        return summary(ending(gold)).verdict().headline();
    }

    @Test
    void setsTheModesSideBySide() {
        Table table = summary(WrittenRun.whole(output)).table();
        assertThat(table.header())
                .containsExactly(
                        "mode",
                        "gold, start",
                        "gold, end",
                        "proxy reward",
                        "accuracy",
                        "of the initial",
                        "gain",
                        "held out",
                        "KL, nats",
                        "rollbacks",
                        "seconds");
        assertThat(table.rows().get(0))
                .containsExactly(
                        "static",
                        "0.550 ± 0.012",
                        "0.626 ± 0.012",
                        "1.971",
                        "0.554 ± 0.015",
                        "0.554",
                        "+0.000",
                        "0.674 → 0.674",
                        "13.3",
                        "-",
                        "150");
        assertThat(table.rows().get(1))
                .startsWith("save", "0.550 ± 0.012", "0.702 ± 0.012")
                .containsSubsequence("+0.076 ± 0.013", "0.674 → 0.693", "13.3", "1", "150");
    }

    @Test
    void exchangesRowsAndColumnsForATerminal() {
        Table table = summary(ending(Map.of(Mode.SAVE, 0.5))).table().transposed();
        assertThat(table.header()).containsExactly("mode", "save");
        assertThat(table.rows().get(0)).containsExactly("gold, start", "0.500 ± 0.010");
    }

    @Test
    void saysWhichModeIsAhead() {
        assertThat(headline(Map.of(Mode.STATIC, 0.5, Mode.SAVE, 0.6)))
                .isEqualTo("save is ahead: its gold reward is higher than that of static.");
    }

    @Test
    void saysWhenStaticWins() {
        assertThat(headline(Map.of(Mode.STATIC, 0.6, Mode.SAVE, 0.5)))
                .isEqualTo("static wins: the gold reward of save is lower.");
    }

    @Test
    void claimsNothingWithinTheNoise() {
        assertThat(headline(Map.of(Mode.STATIC, 0.5, Mode.SAVE, 0.527)))
                .isEqualTo("No mode is ahead: save has the highest gold reward, but cannot be told apart from static.");
    }

    @Test
    void saysFromWhichModesTheBestCannotBeToldApart() {
        assertThat(headline(Map.of(Mode.STATIC, 0.5, Mode.SAVE, 0.6, Mode.LABELLED_ONLY, 0.59)))
                .isEqualTo("save has the highest gold reward and is ahead of static, but cannot be told apart from"
                        + " labelled-only.");
    }

    @Test
    void theOracleIsNoContender() {
        RunSummary summary = summary(ending(Map.of(Mode.STATIC, 0.5, Mode.SAVE, 0.6, Mode.ORACLE, 0.9)));
        assertThat(summary.verdict().headline())
                .isEqualTo("save is ahead: its gold reward is higher than that of static.");
        assertThat(summary.verdict().limits())
                .contains("oracle labels by the gold reward itself; it is a ceiling and takes no part in the ranking.");
    }

    @Test
    void theOracleAloneIsNothingToCompareWith() {
        assertThat(headline(Map.of(Mode.SAVE, 0.6, Mode.ORACLE, 0.9)))
                .isEqualTo("There is no mode to compare save with but the oracle, a ceiling.");
    }

    @Test
    void aSingleModeIsComparedWithItsStartOnly() {
        Verdict verdict = summary(ending(Map.of(Mode.SAVE, 0.6))).verdict();
        assertThat(verdict.headline()).isEqualTo("Only save was run, so there is no other mode to compare it with.");
        assertThat(verdict.findings())
                .singleElement()
                .hasToString("save: gold reward 0.500 to 0.600 by step 10: +0.100 ± 0.014, a rise.");
    }

    @Test
    void namesAPolicyThatExploitsTheRewardModel() {
        assertThat(summary(ending(Map.of(Mode.STATIC, 0.4))).verdict().findings())
                .singleElement()
                .asString()
                .contains("a fall, while the proxy reward rose by 1.000: the policy exploits the reward model.");
    }

    @Test
    void judgesEveryModeAgainstStaticAndItsRewardModelAgainstTheInitialOne() {
        Verdict verdict = summary(WrittenRun.whole(output)).verdict();
        assertThat(verdict.findings()).extracting(Verdict.Finding::mode).containsExactly(Mode.values());
        assertThat(verdict.findings().get(1))
                .hasToString("save: gold reward 0.550 to 0.702 by step 60: +0.152 ± 0.017, a rise."
                        + " Against static: +0.076 ± 0.017, higher."
                        + " Accuracy of its reward model on its policy's answers 0.630, of the initial one 0.554: +0.076 ± 0.013,"
                        + " better; against static on its own policy's answers: +0.076 ± 0.021, higher.");
        assertThat(verdict.findings().get(2).text())
                .contains("Against static: +0.010 ± 0.017, within the noise.")
                .endsWith("+0.029 ± 0.021, within the noise.");
        assertThat(verdict.limits())
                .anyMatch(limit -> limit.startsWith("The run has one seed: this is the noise of evaluation alone"));
    }

    @Test
    void judgesNothingWithoutAStandardError() {
        WrittenRun written = new WrittenRun(output, 10, "static, save");
        for (Mode mode : new Mode[] {Mode.STATIC, Mode.SAVE}) {
            written.evaluation(mode, 0, Map.of("eval/gold", 0.1, "eval/gold_error", 0.0))
                    .evaluation(mode, 10, Map.of("eval/gold", mode == Mode.SAVE ? 0.9 : 0.1, "eval/gold_error", 0.0))
                    .complete(mode);
        }
        Verdict verdict = summary(written).verdict();
        assertThat(verdict.headline()).startsWith("No mode is ahead");
        assertThat(verdict.findings().get(1).text()).contains("+0.800, not judged for want of a standard error.");
    }

    @Test
    void withoutGoldTheHeldOutAccuracyDecides() {
        WrittenRun written = new WrittenRun(output, 10, "static, save");
        written.evaluation(Mode.STATIC, 0, heldOut(0.7)).evaluation(Mode.STATIC, 10, heldOut(0.7));
        written.evaluation(Mode.SAVE, 0, heldOut(0.7)).evaluation(Mode.SAVE, 10, heldOut(0.8));
        RunSummary summary = summary(written.complete(Mode.STATIC, Mode.SAVE));
        assertThat(summary.table().header()).containsExactly("mode", "held out", "seconds");
        assertThat(summary.table().rows().get(1)).containsExactly("save", "0.700 → 0.800", "0");
        assertThat(summary.verdict().headline())
                .isEqualTo("save is ahead: its held-out accuracy is higher than that of static.");
        assertThat(summary.verdict().limits()).anyMatch(limit -> limit.contains("There is no gold reward here"));
    }

    private static Map<String, Double> heldOut(double accuracy) {
        return Map.of("eval/held_out_accuracy", accuracy, "eval/held_out_error", 0.015);
    }

    @Test
    void comparesARunInProgressAtTheLastCommonEvaluation() {
        WrittenRun written = new WrittenRun(output, 30, "static, save, labelled-only");
        written.gold(Mode.STATIC, 0, 0.5).gold(Mode.STATIC, 10, 0.5).gold(Mode.STATIC, 20, 0.9);
        written.gold(Mode.SAVE, 0, 0.5).gold(Mode.SAVE, 10, 0.6);
        written.gold(Mode.LABELLED_ONLY, 0, 0.5);
        RunSummary summary = summary(written.complete(Mode.STATIC));
        assertThat(summary.verdict().headline())
                .isEqualTo("The run is not complete. At step 10: save is ahead: its gold reward is higher than that of"
                        + " static.");
        assertThat(summary.table().rows().get(1)).startsWith("save (at step 10)");
    }

    @Test
    void saysWhenThereIsNothingToCompareYet() {
        WrittenRun written = new WrittenRun(output, 30, "static, save");
        assertThat(summary(written).verdict().headline()).isEqualTo("No mode has begun yet.");
        assertThat(summary(written).rows()).isEmpty();
        written.gold(Mode.STATIC, 0, 0.5).gold(Mode.SAVE, 0, 0.5);
        assertThat(summary(written).verdict().headline())
                .isEqualTo("The run is not complete. No two modes have been evaluated after training yet.");
        WrittenRun other = new WrittenRun(output, 30, "save").evaluation(Mode.SAVE, 1, Map.of("reward", 1.0));
        assertThat(summary(other).verdict().headline())
                .isEqualTo("Nothing was evaluated by which the modes could be compared.");
    }

    @Test
    void isWrittenAsMarkdown() {
        assertThat(summary(ending(Map.of(Mode.SAVE, 0.6))).markdown())
                .startsWith("| mode | gold, start | gold, end | proxy reward | seconds |\n"
                        + "| --- | ---: | ---: | ---: | ---: |\n"
                        + "| save | 0.500 ± 0.010 | 0.600 ± 0.010 | 1.000 | 0 |\n\n**Only save was run")
                .contains("\n- save: gold reward 0.500 to 0.600")
                .endsWith("may order the modes otherwise.\n");
    }
}
