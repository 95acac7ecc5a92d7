package dev.save4j.cli;

import dev.save4j.loop.Progress;
import dev.save4j.report.RunSummary;
import dev.save4j.run.ExperimentReader;
import dev.save4j.run.RunFolder;
import dev.save4j.wiring.ExperimentRunner;
import dev.save4j.wiring.MemoryEstimate;
import dev.save4j.wiring.Registry;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs an experiment. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the SAVE loop as an experiment file says.",
            "",
            "The policy and the reward model are prepared once; then every mode starts from them with the same seeds: static (the reward model"
                    + " is frozen), save (it learns from the policy's answers), labelled-only (it learns from replayed labels), oracle (labels by"
                    + " the gold reward of the lab). Everything goes into a run folder; report.html there compares the modes.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  save4j run experiments/quickstart.yaml",
            "  save4j run experiments/quickstart.yaml --set steps=20 --set modes=[static,save]",
            "  save4j run experiments/quickstart.yaml --resume",
            "  save4j run experiments/quickstart.yaml --dry-run",
            "",
            "All settings with their defaults: save4j explain --defaults"
        })
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The experiment, a YAML file.")
    private Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides a setting, such as --set save.gate.every=0. May be given several times.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--resume",
            description =
                    "Continues the newest run of this name from its last checkpoints; gives the same as an uninterrupted run.")
    private boolean resume;

    @Option(
            names = "--dry-run",
            description =
                    "Runs nothing: prints what the run would take of the machine's memory; fails when that is too much.")
    private boolean dryRun;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        ExperimentReader.Resolved resolved = ExperimentReader.read(file, overrides);
        if (dryRun) {
            MemoryEstimate memory =
                    new ExperimentRunner(Registry.discover(), Progress.SILENT).memory(resolved.experiment());
            out.print(TextTable.of(memory.table()));
            out.flush();
            memory.requireFit();
            return 0;
        }
        Path output = Path.of(resolved.experiment().output());
        RunFolder[] folder = new RunFolder[1];
        RunSummary summary;
        try (ProgressBars progress = new ProgressBars();
                ResumeNotice notice = new ResumeNotice(resumeCommand())) {
            summary = new ExperimentRunner(Registry.discover(), progress).run(resolved.experiment(), () -> {
                folder[0] = resume ? RunFolder.resume(output, resolved) : RunFolder.create(output, resolved);
                out.println("Run folder: " + folder[0].path());
                out.flush();
                return folder[0];
            });
        }
        Summaries.print(summary, folder[0], out);
        return 0;
    }

    private String resumeCommand() {
        StringBuilder command = new StringBuilder("save4j run " + file);
        overrides.forEach(
                override -> command.append(" --set '").append(override).append('\''));
        return command.append(" --resume").toString();
    }
}
