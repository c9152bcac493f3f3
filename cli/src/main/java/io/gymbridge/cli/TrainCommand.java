package io.gymbridge.cli;

import picocli.CommandLine.Command;

/** Trains. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description =
        "Trains a policy and writes it as a bundle that can be evaluated, served and trained further.",
    subcommands = {
      TrainBcCommand.class,
      TrainDaggerCommand.class,
      TrainGailCommand.class,
      TrainAirlCommand.class,
      TrainPpoCommand.class,
      TrainTrpoCommand.class
    })
final class TrainCommand {}
