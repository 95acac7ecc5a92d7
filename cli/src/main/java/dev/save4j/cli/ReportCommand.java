package dev.save4j.cli;

import dev.save4j.report.Report;
import dev.save4j.run.RewardTrainingFolder;
import dev.save4j.run.RunFolder;
import java.io.PrintWriter;
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
            "Writes report.html and the plots of a folder that run or reward train has made; of a run also prints the comparison of its modes.",
            "Works on a run in progress too.",
            ""
        },
        footer = {"", "Example:", "  save4j report runs/quickstart"})
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "RUN_FOLDER",
            description = "A folder that 'save4j run' or 'save4j reward train' has made.")
    private Path path;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (RewardTrainingFolder.is(path)) {
            RewardTrainingFolder folder = RewardTrainingFolder.open(path);
            Report.write(folder);
            out.println("Report: " + folder.report());
            out.flush();
        } else {
            RunFolder folder = RunFolder.open(path);
            Summaries.print(Report.write(folder), folder, out);
        }
        return 0;
    }
}
