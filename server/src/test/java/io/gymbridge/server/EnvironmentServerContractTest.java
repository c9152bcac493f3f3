package io.gymbridge.server;

import io.gymbridge.client.RemoteEnv;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.client.Transport;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Env;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.EnvContract;
import io.gymbridge.core.testing.VectorEnvContract;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** The contracts of environments, from the Java client to the Java server, over every transport. */
class EnvironmentServerContractTest {
  private static final List<ServedEnvironment> CART_POLE =
      Served.javaEnvironments().stream().filter(env -> env.id().equals("CartPole-v1")).toList();

  private static final SessionOptions GRPC = SessionOptions.DEFAULTS.withTransport(Transport.GRPC);

  private static Served unix;
  private static EnvironmentServer tcp;

  @BeforeAll
  static void serve() {
    unix = Served.of(ServeOptions.DEFAULTS.withWorkers(2), Served.javaEnvironments());
    tcp = EnvironmentServer.start("127.0.0.1:0", CART_POLE, ServeOptions.DEFAULTS);
  }

  @AfterAll
  static void stop() {
    unix.close();
    tcp.close();
  }

  private static VectorEnv open(
      String address, int numEnvs, AutoresetMode mode, Transport transport) {
    return RemoteVectorEnv.connect(
        address,
        "CartPole-v1",
        SessionOptions.DEFAULTS
            .withNumEnvs(numEnvs)
            .withAutoresetMode(mode)
            .withTransport(transport));
  }

  @Nested
  class OneOverUnixTest extends EnvContract {
    @Override
    protected Env make() {
      return RemoteEnv.connect(unix.address(), "CartPole-v1", GRPC);
    }
  }

  @Nested
  class OneOverTcpTest extends EnvContract {
    @Override
    protected Env make() {
      return RemoteEnv.connect(tcp.address(), "CartPole-v1", GRPC);
    }
  }

  @Nested
  class SeveralOverUnixTest extends VectorEnvContract {
    @Override
    protected VectorEnv make(int numEnvs, AutoresetMode mode) {
      return open(unix.address(), numEnvs, mode, Transport.GRPC);
    }
  }

  @Nested
  class SeveralOverTcpTest extends VectorEnvContract {
    @Override
    protected VectorEnv make(int numEnvs, AutoresetMode mode) {
      return open(tcp.address(), numEnvs, mode, Transport.GRPC);
    }
  }

  @Nested
  class OneThroughMemoryTest extends EnvContract {
    @Override
    protected Env make() {
      return RemoteEnv.connect(
          unix.address(), "CartPole-v1", SessionOptions.DEFAULTS.withTransport(Transport.SHM));
    }
  }

  @Nested
  class SeveralThroughMemoryTest extends VectorEnvContract {
    @Override
    protected VectorEnv make(int numEnvs, AutoresetMode mode) {
      return open(tcp.address(), numEnvs, mode, Transport.SHM);
    }
  }
}
