package io.gymbridge.client;

import java.util.stream.Collectors;

/** A program that starts a server, prints its address and its processes, and waits to be killed. */
final class ServerHolder {
  private ServerHolder() {}

  public static void main(String[] arguments) throws InterruptedException {
    ManagedServer server = TestServers.serve(2, ":counting");
    System.out.println(server.address());
    System.out.println(
        ProcessHandle.current()
            .descendants()
            .map(process -> String.valueOf(process.pid()))
            .collect(Collectors.joining(" ")));
    Thread.currentThread().join();
  }
}
