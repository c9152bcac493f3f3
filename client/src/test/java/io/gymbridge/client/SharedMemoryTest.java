package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.proto.v1.AttachResponse;
import io.gymbridge.proto.v1.SharedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes through shared memory, what does not, and that the caller sees no difference. */
@Timeout(120)
class SharedMemoryTest {
  private static final SessionOptions FOUR =
      SessionOptions.DEFAULTS
          .withNumEnvs(4)
          .withAutoresetMode(AutoresetMode.SAME_STEP)
          .withResendInterval(Duration.ofMillis(50))
          .withTransport(Transport.SHM);
  private static final SessionOptions STREAM = FOUR.withTransport(Transport.GRPC);
  private static final int REQUESTS_READ_AT = 128;
  private static final int[] POSITIONS = {64, REQUESTS_READ_AT, 192, 256};

  private static ManagedServer server;
  @TempDir private Path directory = Path.of("");

  @BeforeAll
  static void serve() {
    server =
        TestServers.serve(
            2,
            List.of("--allow-kwargs", "height,width,channels", "--max-num-envs", "1024"),
            "CartPole-v1",
            ":counting",
            ":odd_infos",
            ":multi_spaces",
            ":variable_size",
            ":image");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private FaultyProxy proxy() {
    return new FaultyProxy(server.address(), directory, 60, request -> null);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CartPole-v1",
        "envs_for_tests:counting",
        "envs_for_tests:odd_infos",
        "envs_for_tests:multi_spaces",
        "envs_for_tests:variable_size"
      })
  void both_ways_give_the_same(String id) {
    try (VectorEnv reference = RemoteVectorEnv.connect(server.address(), id, STREAM);
        VectorEnv tested = RemoteVectorEnv.connect(server.address(), id, FOUR)) {
      new Twins(reference, tested, 1).steps(100);
    }
  }

  @ParameterizedTest
  @CsvSource({"84, 84, 4", "210, 160, 3"})
  void pictures_are_the_same(long height, long width, long channels) {
    SessionOptions picture =
        FOUR.withKwargs(Map.of("height", height, "width", width, "channels", channels));
    String id = "envs_for_tests:image";
    try (VectorEnv reference =
            RemoteVectorEnv.connect(server.address(), id, picture.withTransport(Transport.GRPC));
        VectorEnv tested = RemoteVectorEnv.connect(server.address(), id, picture)) {
      new Twins(reference, tested, 1).steps(100);
    }
  }

  @ParameterizedTest
  @CsvSource({"image, 1", "image, 2", "multi_spaces, 1", "multi_spaces, 2", "variable_size, 2"})
  void without_copies_steps_are_the_same(String id, int shards) {
    SessionOptions reusing = FOUR.withMaxShards(shards).withCopy(false);
    try (VectorEnv reference =
            RemoteVectorEnv.connect(server.address(), "envs_for_tests:" + id, FOUR);
        VectorEnv tested =
            RemoteVectorEnv.connect(server.address(), "envs_for_tests:" + id, reusing)) {
      new Twins(reference, tested, 1).steps(60);
    }
  }

  @Test
  void without_copies_a_step_takes_the_memory_of_the_one_before() {
    SessionOptions options = FOUR.withMaxShards(2);
    try (VectorEnv copying = RemoteVectorEnv.connect(server.address(), "CartPole-v1", options);
        VectorEnv reusing =
            RemoteVectorEnv.connect(server.address(), "CartPole-v1", options.withCopy(false))) {
      NdArray actions = NdArray.of(new long[4], 4);
      copying.reset(1L);
      reusing.reset(1L);
      Value kept = copying.step(actions).observations();
      Value lent = reusing.step(actions).observations();
      assertEquals(kept, lent);
      copying.step(actions);
      Value next = reusing.step(actions).observations();
      assertEquals(next, lent);
      assertNotEquals(kept, lent);
    }
  }

  @Test
  void steps_do_not_go_on_the_stream() {
    int[] messages = {0};
    try (FaultyProxy proxy =
            new FaultyProxy(
                server.address(),
                directory,
                60,
                request -> {
                  messages[0]++;
                  return null;
                });
        VectorEnv reference = RemoteVectorEnv.connect(server.address(), "CartPole-v1", STREAM);
        VectorEnv tested =
            RemoteVectorEnv.connect(
                proxy.address(), "CartPole-v1", FOUR.withResendInterval(Duration.ofMinutes(1)))) {
      new Twins(reference, tested, 1).steps(50);
      assertEquals(2, messages[0], "two shards attach");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void streams_that_break_change_nothing(boolean bothSides) {
    try (FaultyProxy proxy = proxy();
        VectorEnv reference = RemoteVectorEnv.connect(server.address(), "CartPole-v1", STREAM);
        VectorEnv tested = RemoteVectorEnv.connect(proxy.address(), "CartPole-v1", FOUR)) {
      Twins twins = new Twins(reference, tested, 1);
      for (int i = 0; i < 20; i++) {
        Background.later(() -> proxy.cut(bothSides), i * 100_000L);
        twins.steps(7);
      }
    }
  }

  private static UnaryOperator<AttachResponse> offering(UnaryOperator<SharedMemory> change) {
    return attached ->
        attached.toBuilder().setSharedMemory(change.apply(attached.getSharedMemory())).build();
  }

  private void assertDoesWithout(UnaryOperator<AttachResponse> change, String why) {
    try (FaultyProxy proxy = proxy()) {
      proxy.onAttached(change);
      GymException failure =
          assertThrows(
              GymException.class,
              () -> RemoteVectorEnv.connect(proxy.address(), "CartPole-v1", FOUR));
      assertEquals(Kind.UNAVAILABLE, failure.kind(), failure.getMessage());
      assertTrue(failure.getMessage().contains("shared memory"), failure.getMessage());
      assertTrue(failure.getMessage().contains(why), failure.getMessage());
      try (VectorEnv reference = RemoteVectorEnv.connect(server.address(), "CartPole-v1", STREAM);
          VectorEnv tested =
              RemoteVectorEnv.connect(
                  proxy.address(), "CartPole-v1", FOUR.withTransport(Transport.AUTO))) {
        new Twins(reference, tested, 1).steps(20);
      }
    }
  }

  @Test
  void server_that_offers_none_is_an_error_only_where_memory_is_a_must() {
    assertDoesWithout(
        attached -> attached.toBuilder().clearSharedMemory().build(), "does not offer any");
  }

  @Test
  void file_of_another_machine_is_an_error_only_where_memory_is_a_must() {
    assertDoesWithout(
        offering(memory -> memory.toBuilder().setMemory("/nowhere/memory").build()),
        "/nowhere/memory");
  }

  @Test
  void bell_that_nobody_hears_is_an_error_only_where_memory_is_a_must() {
    assertDoesWithout(
        offering(memory -> memory.toBuilder().setBell("/nowhere/bell").build()), "/nowhere/bell");
  }

  @Test
  void names_are_gone_once_an_environment_is_open() {
    List<Path> offered = Collections.synchronizedList(new ArrayList<>());
    try (FaultyProxy proxy = proxy()) {
      proxy.onAttached(
          attached -> {
            Path directory = Path.of(attached.getSharedMemory().getMemory()).getParent();
            assertTrue(Files.exists(directory));
            offered.add(directory);
            return attached;
          });
      try (VectorEnv env = RemoteVectorEnv.connect(proxy.address(), "CartPole-v1", FOUR)) {
        env.reset(1);
        assertEquals(2, offered.size());
        for (Path path : offered) {
          assertFalse(Files.exists(path), path.toString());
        }
      }
    }
  }

  @Test
  void rubbish_in_the_header_changes_nothing() {
    List<MappedByteBuffer> headers = Collections.synchronizedList(new ArrayList<>());
    Random random = new Random(4);
    try (FaultyProxy proxy = proxy();
        VectorEnv reference = RemoteVectorEnv.connect(server.address(), "CartPole-v1", STREAM)) {
      proxy.onAttached(
          attached -> {
            headers.add(map(Path.of(attached.getSharedMemory().getMemory())));
            return attached;
          });
      for (int round = 0; round < 8; round++) {
        headers.clear();
        try (VectorEnv tested = RemoteVectorEnv.connect(proxy.address(), "CartPole-v1", FOUR)) {
          Twins twins = new Twins(reference, tested, round);
          for (int i = 0; i < 5; i++) {
            twins.steps(5);
            MappedByteBuffer header = headers.get(random.nextInt(headers.size()));
            header.putLong(
                POSITIONS[random.nextInt(POSITIONS.length)],
                random.nextBoolean() ? random.nextLong() : 8L * random.nextInt(1 << 10));
          }
          twins.steps(5);
        }
      }
    }
  }

  @Test
  void memory_that_cannot_be_written_is_told_of() {
    List<MappedByteBuffer> headers = Collections.synchronizedList(new ArrayList<>());
    try (FaultyProxy proxy = proxy();
        VectorEnv reference = RemoteVectorEnv.connect(server.address(), "CartPole-v1", STREAM)) {
      proxy.onAttached(
          attached -> {
            headers.add(map(Path.of(attached.getSharedMemory().getMemory())));
            return attached;
          });
      try (RemoteVectorEnv tested = RemoteVectorEnv.connect(proxy.address(), "CartPole-v1", FOUR)) {
        Twins twins = new Twins(reference, tested, 1);
        twins.steps(5);
        headers.forEach(header -> header.putLong(REQUESTS_READ_AT, Long.MIN_VALUE));
        twins.steps(5);
        for (BridgeStats.Way way : tested.bridgeStats().ways()) {
          assertEquals(Transport.GRPC, way.transport());
          assertTrue(way.why().startsWith("it came to an end while it was in use: "), way.why());
        }
      }
    }
  }

  private static MappedByteBuffer map(Path file) {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer header = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4096);
      header.order(ByteOrder.LITTLE_ENDIAN);
      return header;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void step_allocates_what_it_returns_and_the_answer_that_came() {
    long few = allocated(16);
    long many = allocated(1024);
    // Four float32, a reward and two flags per lane: as they came, and all but the first again.
    long lane = 16 + 2 * (8 + 1 + 1);
    assertTrue(
        many - few <= (1024 - 16) * lane + 4096,
        "%d bytes for 16 lanes, %d for 1,024".formatted(few, many));
  }

  private static long allocated(int lanes) {
    SessionOptions options =
        FOUR.withNumEnvs(lanes)
            .withMaxShards(1)
            .withInfos(false)
            .withAutoresetMode(AutoresetMode.NEXT_STEP);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (RemoteVectorEnv env = RemoteVectorEnv.connect(server.address(), "CartPole-v1", options)) {
      env.reset(1);
      Value actions =
          Value.stack(Collections.nCopies(lanes, env.spec().actionSpace().sample(new Random(1))));
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 200; i++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        env.step(actions);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      return least;
    }
  }
}
