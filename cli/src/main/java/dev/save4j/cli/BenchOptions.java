package dev.save4j.cli;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.bench.speed.BenchmarkResult;
import dev.save4j.bench.speed.Plan;
import dev.save4j.bench.speed.SpeedBenchmark;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What all measurements of speed have in common. */
final class BenchOptions {
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
            split = ",",
            paramLabel = "NAME",
            fallbackValue = "all",
            description =
                    "Measures the same work done without save4j too: 'plain' with ONNX Runtime alone, the name of a Python interpreter with PyTorch, such as"
                            + " python3, or all that the measurement has (the default when no name follows).")
    private List<String> rivals = List.of();

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where the results go as JSON and Markdown, and as SVG where there is a plot.")
    private Optional<Path> out = Optional.empty();

    Plan plan() {
        return new Plan(threads, rounds, seconds, rivals);
    }

    /** Measures, prints the table and writes {@code NAME.json}, {@code NAME.md} and, if there is a plot, {@code NAME.svg}. */
    void run(String name, SpeedBenchmark benchmark, PrintWriter console) {
        out.ifPresent(BenchOptions::create);
        BenchmarkResult result;
        try (ProgressBars progress = new ProgressBars()) {
            result = benchmark.run(progress);
        }
        console.println();
        console.print(TextTable.of(result.table()));
        console.println();
        console.println(result.explanation());
        out.ifPresent(folder -> {
            AtomicFiles.write(folder.resolve(name + ".json"), result.json());
            AtomicFiles.write(
                    folder.resolve(name + ".md"), result.table().markdown() + "\n" + result.explanation() + "\n");
            result.plot().ifPresent(plot -> AtomicFiles.write(folder.resolve(name + ".svg"), plot));
            console.println("Results: " + folder);
        });
        console.flush();
    }

    private static void create(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException failed) {
            throw SaveException.user("cannot make the folder '" + folder + "': " + failed);
        }
    }
}
