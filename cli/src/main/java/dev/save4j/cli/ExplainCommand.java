package dev.save4j.cli;

import dev.save4j.run.Experiment;
import dev.save4j.run.ExperimentReader;
import dev.save4j.wiring.Explanation;
import dev.save4j.wiring.Registry;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the formulas and constants in force. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description = {
            "Prints the formulas and every constant that an experiment puts in force, without running it.",
            "One algorithm name hides many variants; this says which one runs.",
            ""
        },
        footer = {"", "Examples:", "  save4j explain experiments/quickstart.yaml", "  save4j explain --defaults"})
final class ExplainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            description = "The experiment, a YAML file, or the config.yaml of a run folder.")
    private Optional<Path> file = Optional.empty();

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting. May be given several times.")
    private List<String> overrides = new ArrayList<>();

    @Option(names = "--defaults", description = "Prints all settings with their defaults and what they mean.")
    private boolean defaults;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (defaults) {
            out.print(ExperimentReader.defaults());
            out.flush();
            return 0;
        }
        Path given = file.orElseThrow(() ->
                new ParameterException(spec.commandLine(), "give an experiment file, or --defaults for all settings"));
        Experiment experiment = ExperimentReader.read(given, overrides).experiment();
        Explanation.of(experiment, Registry.discover()).forEach(out::println);
        out.flush();
        return 0;
    }
}
