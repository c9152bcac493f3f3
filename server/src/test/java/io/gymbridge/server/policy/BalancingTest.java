package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.ActOptions;
import io.gymbridge.client.Acted;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.transport.Credentials;
import io.gymbridge.transport.ServerSecurity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three servers of one policy, each with a version of its own name, and one that is lost. */
class BalancingTest {
  private static final NdArray ONE = NdArray.of(new float[] {1, 1}, 1, 2);
  private static final NdArray TWICE = NdArray.of(new float[] {2, 2}, 1, 2);

  private final Map<String, PolicyServer> servers = new LinkedHashMap<>();

  @BeforeEach
  void start() {
    for (String name : List.of("a", "b", "c")) {
      servers.put(
          name,
          PolicyServer.start(
              "127.0.0.1:0",
              List.of(new ServedPolicy("twice", name, TestBundles.times(2).policy(0))),
              ServerSecurity.LOCAL));
    }
  }

  @AfterEach
  void close() {
    servers.values().forEach(PolicyServer::close);
  }

  private RemotePolicy connect() {
    Collection<String> addresses = servers.values().stream().map(PolicyServer::address).toList();
    return RemotePolicy.connect(String.join(",", addresses) + "/twice");
  }

  @Test
  void calls_go_round_and_none_fails_when_a_server_is_lost() {
    try (RemotePolicy policy = connect()) {
      Set<String> before = new HashSet<>();
      // Connections come up one after the other; nobody has to wait for the last.
      for (int i = 0; i < 10_000 && before.size() < 3; i++) {
        Acted acted = policy.actAsync(ONE, ActOptions.DETERMINISTIC).join();
        assertEquals(TWICE, acted.actions());
        before.addAll(acted.versions());
      }
      assertEquals(servers.keySet(), before);
      lose("b");
      List<CompletableFuture<Acted>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        calls.add(policy.actAsync(ONE, ActOptions.DETERMINISTIC));
      }
      for (CompletableFuture<Acted> call : calls) {
        Acted acted = call.join();
        assertEquals(TWICE, acted.actions());
        assertTrue(Set.of("a", "c").containsAll(acted.versions()), acted.versions().toString());
      }
    }
  }

  @Test
  void a_control_loop_goes_on_with_another_server() {
    List<RemotePolicy> loops = List.of(connect(), connect(), connect());
    try {
      for (RemotePolicy loop : loops) {
        assertEquals(TWICE, loop.act(ONE, true));
      }
      String lost = loops.get(0).version();
      lose(lost);
      for (int i = 0; i < 20; i++) {
        for (RemotePolicy loop : loops) {
          assertEquals(TWICE, loop.act(ONE, true));
          assertTrue(!loop.version().equals(lost));
        }
      }
    } finally {
      loops.forEach(RemotePolicy::close);
    }
  }

  @Test
  void a_hedged_call_does_not_wait_for_a_server_that_hangs() {
    CountDownLatch hanging = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    lose("b");
    lose("c");
    servers.put(
        "hung",
        PolicyServer.start(
            "127.0.0.1:0",
            List.of(new ServedPolicy("twice", "hung", new Hanging(hanging, asked))),
            ServerSecurity.LOCAL));
    Collection<String> addresses = servers.values().stream().map(PolicyServer::address).toList();
    try (RemotePolicy policy =
        RemotePolicy.connect(
            String.join(",", addresses) + "/twice",
            RemotePolicy.DEFAULT_TIMEOUT,
            Credentials.NONE,
            Duration.ofMillis(5))) {
      int more = 20;
      for (int i = 0; i < 10_000 && more > 0; i++) {
        more -= asked.get();
        Acted acted = policy.actAsync(ONE, ActOptions.DETERMINISTIC).join();
        assertEquals(List.of("a"), acted.versions());
      }
      assertTrue(asked.get() > 0, "the server that hangs was never asked");
    } finally {
      hanging.countDown();
    }
  }

  /** Answers when it is let. */
  private record Hanging(CountDownLatch until, AtomicInteger asked) implements Policy {
    @Override
    public Space observationSpace() {
      return TestBundles.times(2).manifest().observationSpace();
    }

    @Override
    public Space actionSpace() {
      return TestBundles.times(2).manifest().actionSpace();
    }

    @Override
    public Value act(Value observations, boolean deterministic) {
      asked.incrementAndGet();
      try {
        until.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return TWICE;
    }

    @Override
    public void close() {}
  }

  private void lose(String name) {
    java.util.Objects.requireNonNull(servers.remove(name)).close();
  }
}
