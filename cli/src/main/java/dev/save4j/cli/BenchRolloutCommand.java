package dev.save4j.cli;

import dev.save4j.bench.speed.ModelSize;
import dev.save4j.bench.speed.Plan;
import dev.save4j.bench.speed.RolloutBenchmark;
import dev.save4j.bench.speed.SpeedBenchmark;
import dev.save4j.engine.Engines;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the rollout engines. */
@Command(
        name = "rollout",
        mixinStandardHelpOptions = true,
        description = {
            "Measures sampling from Llamas of random weights: groups of eight answers of 96 tokens to prompts of 32 tokens, and 96 answers of mixed lengths,"
                    + " beside what the machine's memory and arithmetic admit. Each measurement runs in a process of its own. --engines onnxruntime,onnxruntime:int8 puts"
                    + " weights in 8 bits (engines.rollout_weights) beside those in single precision.",
            ""
        },
        footer = {
            "",
            "Example:",
            "  save4j bench rollout --sizes 14M --batches 1,8,32,mixed --threads 1 --rival --out runs/bench-rollout",
            "",
            "Writes rollout.json, rollout.md and rollout.svg. Measure on an idle machine."
        })
final class BenchRolloutCommand extends SpeedCommand {
    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "0.26M,14M,60M",
            description = "0.26M, 2M, 14M, 15M, 60M or 120M parameters (default ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--batches",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,8,32,mixed",
            description = "Sequences that are decoded at once, or mixed (default ${DEFAULT-VALUE}).")
    private List<String> batches = List.of();

    @Override
    Engines<?> known() {
        return Engines.rollout();
    }

    @Override
    SpeedBenchmark benchmark(List<String> names, Plan plan) {
        return RolloutBenchmark.of(names, sizes.stream().map(ModelSize::named).toList(), batches, plan);
    }
}
