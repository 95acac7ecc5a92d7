package dev.save4j.cli;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.bench.speed.BenchmarkResult;
import dev.save4j.bench.speed.Plan;
import dev.save4j.loop.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

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
            paramLabel = "PYTHON",
            fallbackValue = "python3",
            description = "Measures the same work in PyTorch from Python too, by this interpreter (default python3).")
    private Optional<String> rival = Optional.empty();

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where the results go as JSON and Markdown.")
    private Optional<Path> out = Optional.empty();

    Plan plan() {
        return new Plan(threads, rounds, seconds, rival);
    }

    /** Measures, prints the table and writes {@code NAME.json} and {@code NAME.md}. */
    void run(String name, Function<Progress, BenchmarkResult> benchmark, PrintWriter console) {
        out.ifPresent(BenchOptions::create);
        BenchmarkResult result;
        try (ProgressBars progress = new ProgressBars()) {
            result = benchmark.apply(progress);
        }
        console.println();
        console.print(TextTable.of(result.table()));
        console.println();
        console.println(result.explanation());
        out.ifPresent(folder -> {
            AtomicFiles.write(
                    folder.resolve(name + ".json"),
                    JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n");
            AtomicFiles.write(
                    folder.resolve(name + ".md"), result.table().markdown() + "\n" + result.explanation() + "\n");
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
