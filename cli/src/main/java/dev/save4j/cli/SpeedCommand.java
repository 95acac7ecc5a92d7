package dev.save4j.cli;

import dev.save4j.bench.speed.Plan;
import dev.save4j.bench.speed.SpeedBenchmark;
import dev.save4j.engine.Engines;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A measurement of the speed of some engines, under the name of the command. */
abstract class SpeedCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--engines",
            split = ",",
            paramLabel = "NAME",
            description = "By default all that can do what is measured.")
    private List<String> engines = List.of();

    @Mixin
    private BenchOptions options = new BenchOptions();

    /** Those that can do what is measured. */
    abstract Engines<?> known();

    abstract SpeedBenchmark benchmark(List<String> names, Plan plan);

    @Override
    public final Integer call() {
        SpeedBenchmark benchmark = benchmark(engines.isEmpty() ? known().names() : engines, options.plan());
        options.run(spec.name(), benchmark, spec.commandLine().getOut());
        return 0;
    }
}
