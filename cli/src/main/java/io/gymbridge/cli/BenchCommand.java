package io.gymbridge.cli;

import picocli.CommandLine.Command;

/** Benchmarks. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures on this machine, side by side with others in one run.",
    subcommands = {
      BenchBridgeCommand.class,
      BenchRolloutCommand.class,
      BenchLearnersCommand.class,
      BenchServingCommand.class
    })
final class BenchCommand {}
