package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.gymbridge.core.Env;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.AttachResponse;
import io.gymbridge.proto.v1.HeartbeatRequest;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.memory.MemoryLink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Shared memory as a client that speaks the protocol by hand sees it. */
@Timeout(120)
class SharedMemoryTest {
  private static final long LONG = TimeUnit.SECONDS.toNanos(60);

  private final CountDownLatch hanging = new CountDownLatch(1);
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private Served server;
  private Client client;
  private OpenSessionResponse session;
  private Client.Stream stream;
  private AttachResponse attached;

  @BeforeEach
  void attach() {
    server =
        Served.timeless(
            ServeOptions.DEFAULTS.withStepTimeout(Duration.ofSeconds(5)),
            "Counting",
            this::scripted);
    client = new Client(server.address());
    session = client.open(2);
    stream = client.new Stream(session);
    attached = attach(stream);
  }

  /** Hangs in its tenth step. */
  private Env scripted() {
    return new ScriptedEnv(
        (count, usual) -> {
          if (count == 10 && interrupted.getCount() > 0) {
            hanging.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              interrupted.countDown();
            }
          }
          return usual;
        });
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private AttachResponse attach(Client.Stream other) {
    Shard shard = session.getShards(0);
    other.send(
        InteractRequest.newBuilder()
            .setAttach(AttachRequest.newBuilder().setToken(shard.getToken()).setSharedMemory(true))
            .build());
    return other.receive().getAttached();
  }

  private MemoryLink take() throws IOException {
    return MemoryLink.take(attached.getSharedMemory(), attached.getEpoch(), 1 << 20);
  }

  private static InteractResponse receive(MemoryLink link) throws IOException {
    while (true) {
      InteractResponse response = link.receive(InteractResponse.parser());
      if (response != null) {
        return response;
      }
      link.sleep(LONG);
    }
  }

  private static void assertOver(MemoryLink link) {
    assertThrows(
        IOException.class,
        () -> {
          while (!link.isReady()) {
            link.sleep(LONG);
          }
        });
  }

  private InteractRequest numbered(InteractRequest.Builder request) {
    stream.sequence++;
    return request.setSequence(stream.sequence).setAcknowledged(stream.sequence - 1).build();
  }

  private static InteractRequest.Builder reset() {
    return InteractRequest.newBuilder().setReset(ResetRequest.getDefaultInstance());
  }

  private InteractResponse ask(MemoryLink link, InteractRequest.Builder request)
      throws IOException {
    assertTrue(link.send(numbered(request)));
    InteractResponse response = receive(link);
    assertEquals(stream.sequence, response.getSequence());
    return response;
  }

  private Path directory() {
    return Objects.requireNonNull(Path.of(attached.getSharedMemory().getMemory()).getParent());
  }

  @Test
  void client_that_does_not_ask_is_offered_none() {
    assertFalse(client.attached(session, 0).attach(session.getShards(0)).hasSharedMemory());
  }

  @Test
  void request_is_answered_the_way_it_came() throws IOException {
    try (MemoryLink link = take()) {
      assertTrue(ask(link, reset()).hasReset());
      assertTrue(stream.reset().hasReset());
      InteractResponse step = ask(link, stream.stepping(1, 2));
      assertEquals(2, step.getStep().getTerminated().size());
      assertTrue(step.getServerNanos() >= step.getEnvironmentNanos() + step.getQueueNanos());
      assertTrue(step.getEnvironmentNanos() > 0);
      assertTrue(
          link.send(
              InteractRequest.newBuilder()
                  .setHeartbeat(HeartbeatRequest.getDefaultInstance())
                  .build()));
      assertTrue(receive(link).hasHeartbeat());
    }
  }

  @Test
  void number_that_comes_on_both_ways_is_executed_once() throws IOException {
    try (MemoryLink link = take()) {
      ask(link, reset());
      InteractRequest step = numbered(stream.stepping(1, 1));
      assertTrue(link.send(step));
      stream.send(step);
      InteractResponse once = receive(link);
      InteractResponse again = stream.receive();
      assertEquals(once, again);
    }
  }

  @Test
  void names_are_gone_once_the_client_has_rung() throws IOException {
    assertTrue(Files.exists(directory()));
    try (MemoryLink link = take()) {
      ask(link, reset());
      assertFalse(Files.exists(directory()));
    }
  }

  @Test
  void names_of_an_offer_that_nobody_took_are_gone_with_the_stream() throws IOException {
    stream.cancel();
    while (Files.exists(directory())) {
      Thread.onSpinWait();
    }
  }

  @Test
  void answer_that_finds_no_room_comes_on_the_stream() throws IOException {
    try (MemoryLink link = take()) {
      // Each takes more than 50 bytes, and none is read.
      for (long bytes = 0; bytes <= attached.getSharedMemory().getResponseBytes(); bytes += 50) {
        assertTrue(link.send(numbered(reset())));
      }
      InteractResponse late = stream.receive();
      assertTrue(late.hasReset());
      assertTrue(late.getSequence() > 1);
      assertEquals(1, receive(link).getSequence());
    }
  }

  @Test
  void requests_wait_where_the_client_reads_no_answers() throws IOException {
    try (MemoryLink link = take()) {
      stream.stopReading();
      InteractRequest again = numbered(reset());
      int sent = 0;
      for (boolean held = false; !held; ) {
        if (link.send(again)) {
          sent++;
        } else {
          held = isHeld();
        }
        assertTrue(sent < 1_000_000, "the server reads on and on");
      }
      stream.readOn();
      for (int received = 0; received < sent; ) {
        if (link.receive(InteractResponse.parser()) != null || stream.poll() != null) {
          received++;
        }
      }
      assertTrue(stream.step(1, 1).hasStep());
    }
  }

  private static boolean isHeld() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> LockSupport.getBlocker(thread) instanceof ShardMemory);
  }

  @Test
  void request_that_comes_with_the_attach_is_answered_after_it() {
    Client.Stream other = client.new Stream(session);
    Shard shard = session.getShards(0);
    other.send(
        InteractRequest.newBuilder()
            .setAttach(AttachRequest.newBuilder().setToken(shard.getToken()).setSharedMemory(true))
            .build());
    other.send(
        InteractRequest.newBuilder().setHeartbeat(HeartbeatRequest.getDefaultInstance()).build());
    assertTrue(other.receive().getAttached().hasSharedMemory());
    assertTrue(other.receive().hasHeartbeat());
  }

  @Test
  void files_of_ended_streams_do_not_pile_up() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    assumeTrue(Files.exists(maps));
    long before = mapped(maps);
    Client.Stream last = stream;
    for (int i = 0; i < 20; i++) {
      Client.Stream next = client.new Stream(session);
      attach(next);
      assertEquals(Code.ABORTED, last.end().getCode());
      last = next;
      long now = mapped(maps) - before;
      // What was collected last may not be given back yet.
      assertTrue(now <= 2 * MemoryOffers.MAX_MAPPED, now + " more are mapped");
    }
    while (!attach(client.new Stream(session)).hasSharedMemory()) {
      System.gc();
    }
  }

  private static long mapped(Path maps) throws IOException {
    return Files.readAllLines(maps).stream().filter(line -> line.contains("/gymbridge-")).count();
  }

  @Test
  void another_streams_attach_ends_the_memory() throws IOException {
    try (MemoryLink link = take()) {
      ask(link, reset());
      Client.Stream other = client.new Stream(session);
      AttachResponse fresh = attach(other);
      assertEquals(Code.ABORTED, stream.end().getCode());
      assertOver(link);
      try (MemoryLink next = MemoryLink.take(fresh.getSharedMemory(), fresh.getEpoch(), 1 << 20)) {
        assertEquals(1, fresh.getLastSequence());
        assertTrue(ask(next, stream.stepping(0, 0)).hasStep());
      }
    }
  }

  @Test
  void rubbish_ends_the_memory_and_not_the_stream() throws IOException {
    try (MemoryLink link = take()) {
      ask(link, reset());
      // Where it has a text, a request has a message; and no field has this tag.
      link.send(Status.newBuilder().setMessage("\u0007").build());
      assertOver(link);
      assertTrue(stream.step(1, 1).hasStep());
    }
  }

  @Test
  void environment_that_hangs_is_interrupted_and_replaced() throws Exception {
    try (MemoryLink link = take()) {
      ask(link, reset());
      for (int i = 0; i < 9; i++) {
        ask(link, stream.stepping(1, 1));
      }
      assertTrue(link.send(numbered(stream.stepping(1, 1))));
      hanging.await();
      while (interrupted.getCount() > 0) {
        server.pass(3);
      }
      assertEquals(Code.UNAVAILABLE, stream.end().getCode());
      assertOver(link);
    }
  }

  @Test
  void session_that_is_closed_ends_the_memory() throws IOException {
    try (MemoryLink link = take()) {
      ask(link, reset());
      stream.halfClose();
      assertEquals(Code.OK, stream.end().getCode());
      assertOver(link);
    }
  }
}
