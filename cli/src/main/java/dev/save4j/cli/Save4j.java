package dev.save4j.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The {@code save4j} command. Exits with 0 when done, 2 when the user can mend what is wrong, 3 for engines
 * and resources, 1 for a defect. */
@Command(
        name = "save4j",
        mixinStandardHelpOptions = true,
        versionProvider = Save4j.Version.class,
        description = "Improves reward models with the answers a policy gives while it is being trained.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            RunCommand.class,
            ReportCommand.class,
            RewardCommand.class,
            SampleCommand.class,
            ExplainCommand.class,
            EnginesCommand.class,
            ModelCommand.class,
            BenchCommand.class,
            CompareCommand.class
        },
        footer = {"", "Begin with: save4j run experiments/quickstart.yaml"})
public final class Save4j extends CommandGroup {
    private Save4j() {}

    public static void main(String[] arguments) {
        // Plots are drawn into files; a display that does not answer must not end a run.
        System.setProperty("java.awt.headless", "true");
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        Failures failures = new Failures();
        return new CommandLine(new Save4j())
                .setExecutionExceptionHandler(failures)
                .setParameterExceptionHandler(failures)
                .setCaseInsensitiveEnumValuesAllowed(true);
    }

    /** What is running: save4j, Java, and the machine, one a line. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String packaged = Save4j.class.getPackage().getImplementationVersion();
            return new String[] {
                "save4j " + (packaged == null ? "(not packaged)" : packaged),
                "Java " + Runtime.version(),
                System.getProperty("os.name") + " " + System.getProperty("os.arch")
            };
        }
    }
}
