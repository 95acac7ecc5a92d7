package dev.save4j.cli;

import dev.save4j.bench.speed.ModelSize;
import dev.save4j.bench.speed.Plan;
import dev.save4j.bench.speed.ScoringBenchmark;
import dev.save4j.bench.speed.SpeedBenchmark;
import dev.save4j.engine.Engines;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the scoring of answers. */
@Command(
        name = "score",
        mixinStandardHelpOptions = true,
        description = {
            "Measures reward models of random weights: rewards and values of answers in one pass, beside the machine's own peak. Each measurement runs in a"
                    + " process of its own.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  save4j bench score --sizes 14M --shapes 4x128,32x512,mixed --threads 1 --rival --out runs/bench-score",
            "  save4j bench score --sizes 14M --shapes 1x8x32+96,1x8x128+96,1x8x512+96,4x2x128+256 --threads 1 --rival --out runs/bench-groups",
            "",
            "Writes score.json and score.md. Measure on an idle machine."
        })
final class BenchScoreCommand extends SpeedCommand {
    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "0.26M,14M,60M",
            description = "0.26M, 2M, 14M, 15M, 60M or 120M parameters (default ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--shapes",
            split = ",",
            paramLabel = "SHAPE",
            defaultValue = "4x128,32x512,mixed",
            description =
                    "Sequences x tokens, with a prompt of a quarter for eight; prompts x answers x tokens of a prompt + of an answer, such as 4x8x128+96; or"
                            + " mixed (default ${DEFAULT-VALUE}).")
    private List<String> shapes = List.of();

    @Override
    Engines<?> known() {
        return Engines.inference();
    }

    @Override
    SpeedBenchmark benchmark(List<String> names, Plan plan) {
        return ScoringBenchmark.of(names, sizes.stream().map(ModelSize::named).toList(), shapes, plan);
    }
}
