package dev.save4j.cli;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.bench.speed.BatchShape;
import dev.save4j.bench.speed.ModelSize;
import dev.save4j.bench.speed.TrainingBenchmark;
import dev.save4j.engine.Engines;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

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
final class BenchTrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--engines", split = ",", paramLabel = "NAME", description = "By default all gradient engines.")
    private List<String> engines = List.of();

    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "2M,14M,60M",
            description = "2M, 14M or 60M parameters (default ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--shapes",
            split = ",",
            paramLabel = "SHAPE",
            defaultValue = "8x128",
            description = "Sequences x tokens of a batch (default ${DEFAULT-VALUE}).")
    private List<String> shapes = List.of();

    @Option(names = "--threads", defaultValue = "1", description = "Native threads (default ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--rounds",
            defaultValue = "3",
            description = "How often every engine gets its turn (default ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--seconds",
            defaultValue = "5",
            description = "How long one measurement takes at least (default ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = "--rival",
            arity = "0..1",
            paramLabel = "PYTHON",
            fallbackValue = "python3",
            description =
                    "Measures the same training in PyTorch from Python too, by this interpreter (default python3).")
    private Optional<String> rival = Optional.empty();

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where train.json and train.md go.")
    private Optional<Path> out = Optional.empty();

    @Override
    public Integer call() {
        TrainingBenchmark benchmark = new TrainingBenchmark(
                engines.isEmpty() ? Engines.gradient().names() : engines,
                sizes.stream().map(ModelSize::named).toList(),
                shapes.stream().map(BatchShape::parse).toList(),
                threads,
                rounds,
                seconds,
                rival);
        out.ifPresent(BenchTrainCommand::create);
        TrainingBenchmark.Result result;
        try (ProgressBars progress = new ProgressBars()) {
            result = benchmark.run(progress);
        }
        PrintWriter console = spec.commandLine().getOut();
        console.println();
        console.print(TextTable.of(result.table()));
        console.println();
        console.println(result.explanation());
        out.ifPresent(folder -> {
            AtomicFiles.write(
                    folder.resolve("train.json"),
                    JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n");
            AtomicFiles.write(
                    folder.resolve("train.md"), result.table().markdown() + "\n" + result.explanation() + "\n");
            console.println("Results: " + folder);
        });
        console.flush();
        return 0;
    }

    private static void create(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (java.io.IOException failed) {
            throw SaveException.user("cannot make the folder '" + folder + "': " + failed);
        }
    }
}
