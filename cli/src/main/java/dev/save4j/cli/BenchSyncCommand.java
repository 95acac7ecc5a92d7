package dev.save4j.cli;

import dev.save4j.bench.speed.ModelSize;
import dev.save4j.bench.speed.Plan;
import dev.save4j.bench.speed.SpeedBenchmark;
import dev.save4j.bench.speed.SyncBenchmark;
import dev.save4j.engine.Engines;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures what an update of the weights costs. */
@Command(
        name = "sync",
        mixinStandardHelpOptions = true,
        description = {
            "Measures what it costs to make updated weights visible to sampling and scoring, for every way in which an engine can hold them.",
            ""
        },
        footer = {
            "",
            "Example:",
            "  save4j bench sync --sizes 14M,60M --threads 1 --out runs/bench-sync",
            "",
            "Writes sync.json and sync.md. Measure on an idle machine."
        })
final class BenchSyncCommand extends SpeedCommand {
    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "0.26M,14M,60M",
            description = "0.26M, 2M, 14M, 15M, 60M or 120M parameters (default ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--weights",
            split = ",",
            paramLabel = "KIND",
            defaultValue = "rollout,prepacked,live,input",
            description = "How the weights are held (default ${DEFAULT-VALUE}).")
    private List<String> bindings = List.of();

    @Override
    Engines<?> known() {
        return Engines.inference();
    }

    @Override
    SpeedBenchmark benchmark(List<String> names, Plan plan) {
        return SyncBenchmark.of(names, sizes.stream().map(ModelSize::named).toList(), bindings, plan);
    }
}
