package io.gymbridge.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Option;

/** What a command does once its server listens. */
final class ServingOptions {
  @Option(
      names = "--exit-with-stdin",
      description = "End when standard input ends, for programs that start a server of their own.")
  boolean exitWithStdin;

  /**
   * Says where the server listens, and waits for the end of the process.
   *
   * @param close ends the server in good order
   */
  int serve(String address, Runnable close) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(close));
    System.out.println("gymbridge: listening on " + address);
    System.out.flush();
    if (exitWithStdin) {
      drainStdin();
      return Main.OK;
    }
    new CountDownLatch(1).await();
    return Main.OK;
  }

  private static void drainStdin() {
    try {
      System.in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
