package dev.save4j.cli;

import dev.save4j.bench.speed.BatchShape;
import dev.save4j.bench.speed.ModelSize;
import dev.save4j.bench.speed.Plan;
import dev.save4j.bench.speed.SpeedBenchmark;
import dev.save4j.bench.speed.TrainingBenchmark;
import dev.save4j.engine.Engines;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the gradient engines. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = {
            "Measures forward, backward and AdamW of every gradient engine on Llamas of random weights, beside the machine's own peak. Each engine runs"
                    + " in a process of its own, in turns with the others.",
            ""
        },
        footer = {
            "",
            "Example:",
            "  save4j bench train --sizes 14M --shapes 8x128 --threads 1 --out runs/bench-train",
            "",
            "Writes train.json and train.md. Measure on an idle machine."
        })
final class BenchTrainCommand extends SpeedCommand {
    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "2M,14M,60M",
            description = "0.26M, 2M, 14M, 15M, 60M or 120M parameters (default ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--shapes",
            split = ",",
            paramLabel = "SHAPE",
            defaultValue = "8x128",
            description = "Sequences x tokens of a batch (default ${DEFAULT-VALUE}).")
    private List<String> shapes = List.of();

    @Override
    Engines<?> known() {
        return Engines.gradient();
    }

    @Override
    SpeedBenchmark benchmark(List<String> names, Plan plan) {
        return TrainingBenchmark.of(
                names,
                sizes.stream().map(ModelSize::named).toList(),
                shapes.stream().map(BatchShape::parse).toList(),
                plan);
    }
}
