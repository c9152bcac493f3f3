package io.gymbridge.cli.serving;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.ServedPolicy;
import io.gymbridge.transport.ServerSecurity;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/**
 * A server whose policy has an answer ready: what is left of a call's time without the network. A
 * program: {@code EchoServer ADDRESS}; it ends with its standard input.
 */
public final class EchoServer {
  private EchoServer() {}

  private record Echo(NdArray ready) implements Policy {
    @Override
    public Space observationSpace() {
      return BenchPolicy.OBSERVATIONS;
    }

    @Override
    public Space actionSpace() {
      return BenchPolicy.ACTIONS;
    }

    @Override
    public Value act(Value observations, boolean deterministic) {
      return ready;
    }

    @Override
    public void close() {}
  }

  /** Serves until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    NdArray zeros = NdArray.of(new float[BenchPolicy.OUTPUTS], 1, BenchPolicy.OUTPUTS);
    try (PolicyServer server =
        PolicyServer.start(
            arguments[0],
            List.of(new ServedPolicy(BenchPolicy.NAME, "1", new Echo(zeros))),
            ServerSecurity.LOCAL)) {
      System.out.println("gymbridge: listening on " + server.address());
      System.out.flush();
      System.in.transferTo(OutputStream.nullOutputStream());
    }
  }
}
