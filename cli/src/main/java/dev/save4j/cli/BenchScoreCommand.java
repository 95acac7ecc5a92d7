package dev.save4j.cli;

import dev.save4j.bench.speed.ModelSize;
import dev.save4j.bench.speed.ScoringBenchmark;
import dev.save4j.bench.speed.SpeedBenchmark;
import dev.save4j.engine.Engines;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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
            "Example:",
            "  save4j bench score --sizes 14M --shapes 4x128,32x512,mixed --threads 1 --rival --out runs/bench-score",
            "",
            "Writes score.json and score.md. Measure on an idle machine."
        })
final class BenchScoreCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--engines", split = ",", paramLabel = "NAME", description = "By default all inference engines.")
    private List<String> engines = List.of();

    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "0.26M,14M,60M",
            description = "0.26M, 2M, 14M, 60M or 120M parameters (default ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--shapes",
            split = ",",
            paramLabel = "SHAPE",
            defaultValue = "4x128,32x512,mixed",
            description = "Sequences x tokens, or mixed (default ${DEFAULT-VALUE}).")
    private List<String> shapes = List.of();

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Override
    public Integer call() {
        SpeedBenchmark benchmark = ScoringBenchmark.of(
                engines.isEmpty() ? Engines.inference().names() : engines,
                sizes.stream().map(ModelSize::named).toList(),
                shapes,
                options.plan());
        options.run("score", benchmark, spec.commandLine().getOut());
        return 0;
    }
}
