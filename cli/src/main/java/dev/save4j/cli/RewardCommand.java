package dev.save4j.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Reward models outside the loop. */
@Command(
        name = "reward",
        mixinStandardHelpOptions = true,
        description = "Trains reward models on labelled pairs and scores answers with them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {RewardTrainCommand.class, RewardScoreCommand.class})
final class RewardCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return 2;
    }
}
