package io.gymbridge.server;

import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.VectorEnvContract;
import io.gymbridge.envs.Envs;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Lanes of a Java environment over a Unix socket. */
class UnixVectorEnvTest extends VectorEnvContract {
  @TempDir private Path directory = Path.of("");
  private EnvironmentServer server;

  @BeforeEach
  void serve() {
    server =
        EnvironmentServer.start(
            "unix:" + directory.resolve("e.sock"),
            List.of(
                new ServedEnvironment(
                    "CartPole-v1", kwargs -> Envs.make("CartPole-v1"), List.of(), true)),
            ServeOptions.DEFAULTS);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Override
  protected VectorEnv make(int numEnvs, AutoresetMode mode) {
    return RemoteVectorEnv.connect(
        server.address(),
        "CartPole-v1",
        SessionOptions.DEFAULTS.withNumEnvs(numEnvs).withAutoresetMode(mode));
  }
}
