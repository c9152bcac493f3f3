package io.gymbridge.client;

import io.gymbridge.core.NdArray;
import java.time.Duration;

/** A program that steps an environment at an address, says so, and waits to be killed. */
final class SessionHolder {
  private SessionHolder() {}

  public static void main(String[] arguments) throws InterruptedException {
    RemoteVectorEnv env =
        RemoteVectorEnv.connect(
            arguments[0],
            "envs_for_tests:counting",
            SessionOptions.DEFAULTS.withNumEnvs(2).withLease(Duration.ofMillis(500)));
    env.reset(1);
    env.step(NdArray.of(new long[2], 2));
    System.out.println("stepped");
    Thread.currentThread().join();
  }
}
