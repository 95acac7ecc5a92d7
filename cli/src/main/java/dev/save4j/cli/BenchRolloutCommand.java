package dev.save4j.cli;

import dev.save4j.bench.speed.ModelSize;
import dev.save4j.bench.speed.RolloutBenchmark;
import dev.save4j.engine.Engines;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures the rollout engines. */
@Command(
        name = "rollout",
        mixinStandardHelpOptions = true,
        description = {
            "Measures sampling from Llamas of random weights: groups of eight answers of 96 tokens to prompts of 32 tokens, beside the machine's own peaks."
                    + " Each measurement runs in a process of its own.",
            ""
        },
        footer = {
            "",
            "Example:",
            "  save4j bench rollout --sizes 14M --batches 1,8,32 --threads 1 --out runs/bench-rollout",
            "",
            "Writes rollout.json and rollout.md. Measure on an idle machine."
        })
final class BenchRolloutCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--engines", split = ",", paramLabel = "NAME", description = "By default all rollout engines.")
    private List<String> engines = List.of();

    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "2M,14M,60M",
            description = "2M, 14M or 60M parameters (default ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--batches",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,8,32",
            description = "Sequences that are decoded at once (default ${DEFAULT-VALUE}).")
    private List<Integer> batches = List.of();

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Override
    public Integer call() {
        RolloutBenchmark benchmark = new RolloutBenchmark(
                engines.isEmpty() ? Engines.rollout().names() : engines,
                sizes.stream().map(ModelSize::named).toList(),
                batches,
                options.plan());
        options.run("rollout", benchmark::run, spec.commandLine().getOut());
        return 0;
    }
}
