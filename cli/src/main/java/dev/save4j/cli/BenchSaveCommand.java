package dev.save4j.cli;

import dev.save4j.SaveException;
import dev.save4j.bench.save.Matrix;
import dev.save4j.bench.save.MatrixResults;
import dev.save4j.bench.save.MatrixRunner;
import dev.save4j.run.Shell;
import dev.save4j.wiring.Registry;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs an experiment with every combination of modes, algorithms, backbones, engines and seeds. */
@Command(
        name = "save",
        mixinStandardHelpOptions = true,
        description = {
            "Measures whether SAVE helps: runs one experiment with every algorithm, policy backbone, gradient engine and seed that a matrix file lists, and says"
                    + " which claims the numbers bear out.",
            "",
            "Each combination is an ordinary run folder. The same command again continues: finished runs are skipped, interrupted ones go on from their"
                    + " checkpoints, and a setting that has changed since is refused.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  save4j bench save experiments/matrix.yaml",
            "  save4j bench save experiments/matrix.yaml --jobs 8",
            "  save4j bench save experiments/matrix.yaml --report",
            "",
            "Writes matrix.md, .json, .csv, .html and the curves in plots/ into the folder of the matrix."
        })
final class BenchSaveCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The matrix, a YAML file such as experiments/matrix.yaml.")
    private Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides a setting of every run, such as --set steps=20. May be given several times.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "Runs at the same time; by default as many as there are processors for.")
    private Optional<Integer> jobs = Optional.empty();

    @Option(names = "--report", description = "Runs nothing, writes the report of what there is.")
    private boolean report;

    @Override
    public Integer call() {
        Matrix matrix = Matrix.read(file, overrides);
        PrintWriter out = spec.commandLine().getOut();
        if (report && !Files.isDirectory(matrix.folder())) {
            throw SaveException.user("nothing has been run in '" + matrix.folder() + "' yet; leave --report out");
        }
        if (!report) {
            out.println("Folder of the runs: " + matrix.folder());
            out.flush();
            try (ProgressBars progress = new ProgressBars();
                    ResumeNotice notice = new ResumeNotice(again())) {
                new MatrixRunner(Registry.discover(), progress).run(matrix, jobs.orElseGet(() -> fitting(matrix)));
            }
        }
        MatrixResults results = new MatrixResults(matrix);
        results.write();
        out.println();
        out.print(TextTable.of(results.claimTable()));
        out.println();
        Summaries.wrap(results.headline(), "").forEach(out::println);
        out.println();
        results.notes().forEach(note -> Summaries.wrap("- " + note, "  ").forEach(out::println));
        out.println();
        out.println("Report: " + matrix.folder().resolve("matrix.html"));
        out.flush();
        return 0;
    }

    private static int fitting(Matrix matrix) {
        int threads = matrix.cells().get(0).resolved().experiment().engines().threads();
        return Math.max(1, Runtime.getRuntime().availableProcessors() / threads);
    }

    private String again() {
        StringBuilder command = new StringBuilder("save4j bench save " + Shell.quoted(file.toString()));
        overrides.forEach(override -> command.append(" --set ").append(Shell.quoted(override)));
        return command.toString();
    }
}
