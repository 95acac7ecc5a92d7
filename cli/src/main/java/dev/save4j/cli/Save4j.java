package dev.save4j.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code save4j} command. Exits with 0 when done, 2 after a mistake on the command line. */
@Command(
        name = "save4j",
        mixinStandardHelpOptions = true,
        versionProvider = Save4j.Version.class,
        description = "Improves reward models with the answers a policy gives while it is being trained.")
public final class Save4j implements Runnable {
    @Spec
    private CommandSpec spec;

    private Save4j() {}

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing required subcommand");
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Save4j()).execute(arguments));
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Save4j.class.getPackage().getImplementationVersion();
            return new String[] {
                "save4j " + (version == null ? "(unpackaged)" : version),
                "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
            };
        }
    }
}
