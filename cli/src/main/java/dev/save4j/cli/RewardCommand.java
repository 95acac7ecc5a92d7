package dev.save4j.cli;

import picocli.CommandLine.Command;

/** Reward models outside the loop. */
@Command(
        name = "reward",
        mixinStandardHelpOptions = true,
        description = "Trains reward models on labelled pairs and scores answers with them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {RewardTrainCommand.class, RewardScoreCommand.class})
final class RewardCommand extends CommandGroup {}
