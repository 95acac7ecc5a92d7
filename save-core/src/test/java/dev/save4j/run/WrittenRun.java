package dev.save4j.run;

import dev.save4j.data.JsonLinesWriter;
import dev.save4j.loop.Sample;
import dev.save4j.run.Experiment.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A run folder written by hand, with curves of the usual shape. The same seed gives the same bytes. */
public final class WrittenRun {
    private static final int BINS = 18;

    private final RunFolder folder;
    private final SplittableRandom random = new SplittableRandom(7);

    public WrittenRun(Path output, int steps, String modes) {
        folder = RunFolder.create(
                output,
                ExperimentReader.resolve(
                        "name: written\nseed: 17\ndata: {lab: tales}\nsteps: " + steps + "\nmodes: [" + modes + "]\n",
                        "written.yaml",
                        List.of()));
    }

    /** All four modes, complete. */
    public static WrittenRun whole(Path output) {
        return new WrittenRun(output, 60, "static, save, labelled-only, oracle")
                .manifest()
                .prepared()
                .mode(Mode.STATIC, 60, 0.08, 0.55)
                .mode(Mode.SAVE, 60, 0.16, 0.63)
                .mode(Mode.LABELLED_ONLY, 60, 0.09, 0.58)
                .mode(Mode.ORACLE, 60, 0.24, 0.70)
                .complete(Mode.values());
    }

    /** One evaluation of a mode and nothing else; called with ascending steps. */
    public WrittenRun evaluation(Mode mode, int step, Map<String, Double> metrics) {
        Map<String, Object> line = new TreeMap<>(metrics);
        line.put("step", step);
        lines(folder.metrics(mode), List.of(line));
        return this;
    }

    /** One evaluation of gold with a standard error of 0.01. */
    public WrittenRun gold(Mode mode, int step, double gold) {
        return evaluation(mode, step, Map.of("eval/gold", gold, "eval/gold_error", 0.01, "eval/reward", step / 10.0));
    }

    public RunFolder folder() {
        return folder;
    }

    public WrittenRun manifest() {
        write(folder.manifest(), """
                {
                  "save4j": "0.1.0",
                  "started": "2026-11-25T02:19:47Z",
                  "seed": 17,
                  "machine": {"java": "OpenJDK 17", "os": "Linux amd64", "processors": 2},
                  "engines": {"rollout": "onnxruntime 1.29.0", "scoring": "onnxruntime 1.29.0", "gradient": "djl-pytorch 2.7.1", "threads": 1},
                  "data": {"sha256": "5c25aa2a", "notes": ["300 labelled pairs, 42 of them mislabelled", "2000 training prompts"]},
                  "algorithm": ["reward      R_i = r_i", "advantage   A_i = (R_i - mean) / (std + 1e-4)", "setting     beta = 0.03"]
                }
                """);
        return this;
    }

    public WrittenRun prepared() {
        List<Map<String, Object>> tuning = new ArrayList<>();
        for (int step = 1; step <= 200; step++) {
            tuning.add(Map.of("step", step, "loss", 1.6 + 3.4 * Math.exp(-step / 40.0) + noise(0.08)));
        }
        lines(folder.fineTuningMetrics(), tuning);
        List<Map<String, Object>> training = new ArrayList<>();
        for (int step = 1; step <= 80; step++) {
            Map<String, Object> line = new TreeMap<>();
            line.put("step", step);
            line.put("loss", 0.35 + 0.36 * Math.exp(-step / 25.0) + noise(0.05));
            line.put("accuracy", Math.min(1, 0.86 - 0.4 * Math.exp(-step / 20.0) + noise(0.06)));
            if (step % 10 == 0) {
                line.put("held_out_accuracy", 0.7 - 0.15 * Math.exp(-step / 15.0));
            }
            training.add(line);
        }
        lines(folder.rewardTrainingMetrics(), training);
        return this;
    }

    /** The curves of a mode: proxy reward rises, gold changes as told, accuracy falls unless the reward model learns. */
    public WrittenRun mode(Mode mode, int steps, double goldGain, double accuracyEnd) {
        List<Map<String, Object>> metrics = new ArrayList<>();
        List<Map<String, Object>> times = new ArrayList<>();
        List<Sample> samples = new ArrayList<>();
        for (int step = 0; step <= steps; step++) {
            double done = step / 60.0;
            double curve = 1 - Math.exp(-3 * done);
            Map<String, Object> line = new TreeMap<>();
            line.put("step", step);
            if (step > 0) {
                line.put("reward", -0.5 + 2.6 * curve + noise(0.3));
                line.put("completions/mean_length", 30 + 8 * curve + noise(1));
                labels(mode, line, done);
                times.add(Map.of("step", step, "step_time", 2.5));
                samples(mode, step, samples);
            }
            if (step % 10 == 0 || step == steps) {
                line.put("eval/reward", -0.5 + 2.6 * curve);
                line.put("eval/gold", 0.55 + goldGain * curve);
                line.put("eval/gold_error", 0.012);
                line.put("eval/kl", 14 * curve);
                line.put("eval/accuracy", 0.64 + (accuracyEnd - 0.64) * curve);
                line.put("eval/accuracy_error", 0.015);
                line.put("eval/accuracy_initial", 0.64 - 0.09 * curve);
                line.put("eval/accuracy_gain_error", step == 0 || mode == Mode.STATIC ? 0.0 : 0.013);
                line.put("eval/held_out_accuracy", 0.674 + (mode == Mode.STATIC ? 0 : 0.02 * curve));
                line.put("eval/held_out_error", 0.0148);
            }
            metrics.add(line);
        }
        lines(folder.metrics(mode), metrics);
        lines(folder.timing(mode), times);
        try (JsonLinesWriter writer = JsonLinesWriter.append(folder.samples(mode))) {
            samples.forEach(writer::write);
        }
        return this;
    }

    private void labels(Mode mode, Map<String, Object> line, double done) {
        if (mode == Mode.STATIC) {
            return;
        }
        line.put("save/rollbacks", done > 0.5 ? 1.0 : 0.0);
        line.put("save/replay_loss", 0.4 - 0.1 * done + noise(0.05));
        line.put("save/value_loss", 1.2 * Math.exp(-3 * done) + 0.3 + noise(0.05));
        if (mode != Mode.LABELLED_ONLY) {
            line.put("save/kept_fraction", 0.5 + noise(0.03));
            line.put("save/positive_fraction", 0.52 + 0.1 * done + noise(0.04));
            line.put("save/label_accuracy", (mode == Mode.ORACLE ? 0.97 : 0.68) + noise(0.03));
            line.put("save/contrast_loss", 0.45 - 0.15 * done + noise(0.04));
            int[] histogram = new int[BINS];
            for (int i = 0; i < 96; i++) {
                double advantage = 1.5 * noise(1) + 0.8 * done;
                histogram[Math.max(0, Math.min(BINS - 1, (int) Math.floor((advantage + 4) / 0.5) + 1))]++;
            }
            line.put("save/advantage_histogram", histogram);
        }
    }

    private void samples(Mode mode, int step, List<Sample> samples) {
        for (int i = 0; i < 4; i++) {
            boolean labelled = mode == Mode.SAVE || mode == Mode.ORACLE;
            samples.add(new Sample(
                    step,
                    "emma coin garden <scared> :",
                    "one day emma & her cat found a <b>golden coin</b> in the garden. she was not scared anymore.",
                    i == 0 ? "length" : "stop",
                    1.25 - i,
                    0.5,
                    labelled ? 0.75 - i : 0,
                    !labelled ? 0 : i == 0 ? 1 : i == 1 ? 0 : -1,
                    0.6 - 0.1 * i));
        }
    }

    /** Marks a mode as complete. */
    public WrittenRun complete(Mode... modes) {
        for (Mode mode : modes) {
            try {
                Files.createDirectories(folder.reward(mode));
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
        return this;
    }

    /** Sum of twelve uniform numbers less six, close enough to a normal one. */
    private double noise(double deviation) {
        double sum = -6;
        for (int i = 0; i < 12; i++) {
            sum += random.nextDouble();
        }
        return deviation * sum;
    }

    public static void lines(Path file, List<Map<String, Object>> lines) {
        try (JsonLinesWriter writer = JsonLinesWriter.append(file)) {
            lines.forEach(writer::write);
        }
    }

    public static void write(Path file, String text) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, text);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
