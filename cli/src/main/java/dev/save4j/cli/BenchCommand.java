package dev.save4j.cli;

import picocli.CommandLine.Command;

/** Measurements. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures engines on this machine, and reward models on benchmarks.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {BenchTrainCommand.class, BenchRolloutCommand.class, BenchRewardCommand.class})
final class BenchCommand extends CommandGroup {}
