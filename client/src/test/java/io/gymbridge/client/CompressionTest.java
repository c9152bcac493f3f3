package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.VectorEnv;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pictures and large actions of a Python server, compressed or not. */
@Timeout(120)
class CompressionTest {
  private static final SessionOptions OPTIONS = SessionOptions.DEFAULTS.withNumEnvs(2);

  @ParameterizedTest
  @EnumSource
  void pictures_are_the_same_compressed_or_not(Transport transport) {
    try (ManagedServer server = TestServers.serve(1, ":image");
        VectorEnv plain =
            RemoteVectorEnv.connect(server.address(), "", OPTIONS.withTransport(Transport.GRPC));
        VectorEnv packed =
            RemoteVectorEnv.connect(
                server.address(),
                "",
                OPTIONS.withTransport(transport).withCompression(Compression.GZIP))) {
      assertEquals(plain.reset(1).observations(), packed.reset(1).observations());
      for (long action = 0; action < 8; action++) {
        NdArray actions = NdArray.of(new long[] {action % 6, 0}, 2);
        assertEquals(plain.step(actions).observations(), packed.step(actions).observations());
      }
    }
  }

  @Test
  void large_actions_arrive() {
    try (ManagedServer server = TestServers.serve(1, ":large");
        VectorEnv env =
            RemoteVectorEnv.connect(
                server.address(),
                "",
                OPTIONS.withTransport(Transport.GRPC).withCompression(Compression.GZIP))) {
      NdArray first = env.reset(1).observations().array();
      for (int i = 0; i < 3; i++) {
        assertEquals(first, env.step(first).observations());
      }
    }
  }
}
