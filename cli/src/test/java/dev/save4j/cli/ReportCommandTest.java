package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ReportCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int report(Path path) {
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        return command.execute("report", path.toString());
    }

    private void write(String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    @Test
    void printsTheComparisonAndWritesTheReport() throws IOException {
        write("config.yaml", "name: tiny\nsteps: 10\nmodes: [static, save]\ndata: {lab: tales}\n");
        write("static/metrics.jsonl", """
                {"eval/gold":0.5,"eval/gold_error":0.01,"step":0}
                {"eval/gold":0.55,"eval/gold_error":0.01,"step":10}
                """);
        write("save/metrics.jsonl", """
                {"eval/gold":0.5,"eval/gold_error":0.01,"step":0}
                {"eval/gold":0.6,"eval/gold_error":0.01,"save/rollbacks":0.0,"step":10}
                """);
        Files.createDirectories(folder.resolve("static/reward"));
        Files.createDirectories(folder.resolve("save/reward"));
        assertThat(report(folder)).isZero();
        assertThat(out.toString().lines())
                .containsSubsequence(
                        "mode                static           save",
                        "-----------  -------------  -------------",
                        "gold, start  0.500 ± 0.010  0.500 ± 0.010",
                        "gold, end    0.550 ± 0.010  0.600 ± 0.010",
                        "rollbacks                -              0",
                        "save is ahead: its gold reward is higher than that of static.",
                        "- save: gold reward 0.500 to 0.600 by step 10: +0.100 ± 0.014, a rise. Against static:",
                        "  +0.050 ± 0.014, higher.",
                        "Report: " + folder.resolve("report.html"));
        assertThat(folder.resolve("report.html")).content().contains("<h1>" + folder.getFileName() + "</h1>");
        assertThat(folder.resolve("plots/gold.png")).isNotEmptyFile();
    }

    @Test
    void writesTheReportOfARewardTrainingToo() throws IOException {
        write("config.yaml", """
                model: all-minilm-l6-v2
                new_heads: true
                pooling: mean
                preferences: train.jsonl
                held_out: eval.jsonl
                max_length: 64
                seed: 17
                engines: {scoring: onnxruntime, gradient: djl-pytorch, threads: 2, checkpointing: none}
                training: {epochs: 1, batch: 16, micro_batch: 32, learning_rate: 3.0E-5, warm_up: 10, schedule: linear, weight_decay: 0.0,
                  max_gradient_norm: 1.0, centre: 0.01, use_margin: false, keep_best: true, value_steps: 0, value_learning_rate: 0.01}
                """);
        write("metrics.jsonl", """
                {"accuracy":0.5,"loss":0.7,"step":1}
                {"accuracy":0.6,"loss":0.6,"step":2}
                """);
        assertThat(report(folder)).isZero();
        assertThat(out.toString()).isEqualToNormalizingNewlines("Report: " + folder.resolve("report.html") + "\n");
        assertThat(folder.resolve("report.html")).content().contains("have not been scored yet", "--pooling MEAN");
        assertThat(folder.resolve("plots/reward-training-loss.png")).isNotEmptyFile();
    }

    @Test
    void refusesWhatIsNoRunFolder() {
        assertThat(report(folder)).isEqualTo(2);
        assertThat(err.toString())
                .isEqualTo(
                        "save4j: '" + folder + "' is not a run folder: it has no config.yaml" + System.lineSeparator());
    }

    @Test
    void neverBreaksALineBetweenANumberAndItsError() {
        assertThat(Summaries.wrap("x".repeat(93) + " +0.050 ± 0.014, higher", "  "))
                .containsExactly("x".repeat(93), "  +0.050 ± 0.014, higher");
        assertThat(Summaries.wrap("one two", "  ")).containsExactly("one two");
    }
}
