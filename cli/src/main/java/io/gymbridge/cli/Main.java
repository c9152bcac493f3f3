package io.gymbridge.cli;

import io.gymbridge.core.GymException;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code gymbridge} command. */
@Command(
    name = "gymbridge",
    mixinStandardHelpOptions = true,
    version = "gymbridge 0.1.0",
    description =
        "Train in Java against environments and experts in any language, and serve what was learned.",
    footer = {
      "",
      "Addresses are unix:PATH or HOST:PORT, with /NAME after them where a policy is meant.",
      "",
      "Exit codes: 0 done; 1 a defect of this software; 2 wrong usage or input;",
      "3 nobody answers, or not in time; 4 the environment or policy itself failed;",
      "5 measured or replayed, but not as it should be; 130 interrupted.",
      "",
      "Begin with:  gymbridge quickstart"
    },
    subcommands = {
      QuickstartCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      TransferCommand.class,
      PlotRewardCommand.class,
      CollectCommand.class,
      DemosCommand.class,
      ReplayCommand.class,
      ServeEnvCommand.class,
      ServePolicyCommand.class,
      PoliciesCommand.class,
      ImportOnnxCommand.class,
      EnvsCommand.class,
      TableCommand.class,
      BenchCommand.class,
      GenerateCompletion.class,
      HelpCommand.class
    })
public final class Main {
  static final int OK = 0;
  static final int DEFECT = 1;
  static final int USAGE = 2;
  static final int UNAVAILABLE = 3;
  static final int FAILED = 4;
  static final int SHORT = 5;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "On an error, print where in this software it arose.")
  boolean stacktrace;

  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    Logs.use(Logs.Format.TEXT);
    Main main = new Main();
    CommandLine commandLine = new CommandLine(main);
    return commandLine
        .setUsageHelpAutoWidth(true)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setAbbreviatedOptionsAllowed(false)
        .setExecutionExceptionHandler((error, failed, parsed) -> report(main, error, failed));
  }

  private static int report(Main main, Exception error, CommandLine failed) {
    String message =
        error instanceof GymException || error instanceof UserError
            ? String.valueOf(error.getMessage())
            : error.toString();
    failed.getErr().println(failed.getColorScheme().errorText("gymbridge: " + message));
    if (main.stacktrace || exitCode(error) == DEFECT) {
      error.printStackTrace(failed.getErr());
    }
    failed.getErr().flush();
    return exitCode(error);
  }

  static int exitCode(Exception error) {
    if (error instanceof UserError) {
      return USAGE;
    }
    if (error instanceof GymException failure) {
      return switch (failure.kind()) {
        case INVALID_ARGUMENT, FAILED_PRECONDITION, NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED ->
            USAGE;
        case UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED -> UNAVAILABLE;
        case ENVIRONMENT -> FAILED;
        case INTERNAL -> DEFECT;
      };
    }
    return DEFECT;
  }
}
