package dev.save4j.cli;

import picocli.CommandLine.Command;

/** Measurements. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures engines on this machine, reward models on benchmarks, and whether SAVE helps.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            BenchTrainCommand.class,
            BenchRolloutCommand.class,
            BenchScoreCommand.class,
            BenchSyncCommand.class,
            BenchRewardCommand.class,
            BenchSaveCommand.class
        })
final class BenchCommand extends CommandGroup {}
