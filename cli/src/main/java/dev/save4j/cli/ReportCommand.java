package dev.save4j.cli;

import dev.save4j.report.Report;
import dev.save4j.run.RunFolder;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes the report of a run again. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = {
            "Writes report.html and the plots of a run folder and prints the comparison of its modes.",
            "Works on a run in progress too.",
            ""
        },
        footer = {"", "Example:", "  save4j report runs/quickstart"})
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN_FOLDER", description = "A folder that 'save4j run' has made.")
    private Path path;

    @Override
    public Integer call() {
        RunFolder folder = RunFolder.open(path);
        Summaries.print(Report.write(folder), folder, spec.commandLine().getOut());
        return 0;
    }
}
