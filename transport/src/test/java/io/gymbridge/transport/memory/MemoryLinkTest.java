package io.gymbridge.transport.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.StringValue;
import io.gymbridge.proto.v1.SharedMemory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
final class MemoryLinkTest {
  private static final long LONG = TimeUnit.SECONDS.toNanos(30);

  /** Of messages that are received. */
  private static final int LIMIT = 1 << 20;

  private MemoryOffer offer;

  @BeforeEach
  void offers() throws IOException {
    offer = new MemoryOffer(3, 1000, 1000);
  }

  @AfterEach
  void withdraws() {
    offer.close();
  }

  private MemoryLink accept() throws IOException {
    while (true) {
      MemoryLink link = offer.accept();
      if (link != null) {
        return link;
      }
      offer.sleep();
    }
  }

  private static Path directory(SharedMemory described) {
    return Objects.requireNonNull(Path.of(described.getMemory()).getParent());
  }

  private static BytesValue message(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return BytesValue.of(ByteString.copyFrom(bytes));
  }

  @Test
  void messages_goBothWays() throws IOException {
    assertNull(offer.accept());
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT);
        MemoryLink server = accept()) {
      assertNull(server.receive(BytesValue.parser()));
      BytesValue request = message(new Random(1), 100);
      assertTrue(client.send(request));
      assertTrue(server.isReady());
      assertEquals(request, server.receive(BytesValue.parser()));
      assertFalse(server.isReady());
      BytesValue response = message(new Random(2), 200);
      assertTrue(server.send(response));
      assertEquals(response, client.receive(BytesValue.parser()));
    }
  }

  @Test
  void aClientMaySend_beforeItIsAccepted() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT)) {
      assertTrue(client.send(message(new Random(1), 100)));
      try (MemoryLink server = accept()) {
        assertEquals(message(new Random(1), 100), server.receive(BytesValue.parser()));
      }
    }
  }

  @Test
  void twoThatTakeTurns_loseNothing() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT);
        MemoryLink server = accept()) {
      CompletableFuture<Void> echo = CompletableFuture.runAsync(() -> echo(server, 20_000));
      Random random = new Random(7);
      for (int i = 0; i < 20_000; i++) {
        BytesValue message = message(random, random.nextInt(9000));
        assertTrue(client.send(message));
        assertEquals(message, next(client));
      }
      echo.join();
    }
  }

  private static void echo(MemoryLink link, int count) {
    try {
      for (int i = 0; i < count; i++) {
        assertTrue(link.send(next(link)));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static BytesValue next(MemoryLink link) throws IOException {
    while (true) {
      BytesValue message = link.receive(BytesValue.parser());
      if (message != null) {
        return message;
      }
      link.sleep(LONG);
    }
  }

  @Test
  void sleep_endsWhenAnotherThreadWakesIt() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT)) {
      CompletableFuture<Void> waking = CompletableFuture.runAsync(client::wake);
      client.sleep(LONG);
      waking.join();
    }
  }

  @Test
  void aSideThatCloses_endsTheOthersSleep() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT);
        MemoryLink server = accept()) {
      CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
      assertThrows(
          IOException.class,
          () -> {
            client.sleep(LONG);
            client.sleep(LONG);
          });
      closing.join();
      assertThrows(IOException.class, () -> client.send(BytesValue.getDefaultInstance()));
    }
  }

  @Test
  void aMessageAboveTheLimit_isNotTaken() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, 100);
        MemoryLink server = accept()) {
      assertTrue(server.send(message(new Random(1), 101)));
      IOException refused =
          assertThrows(IOException.class, () -> client.receive(BytesValue.parser()));
      assertTrue(String.valueOf(refused.getMessage()).contains("the limit is 100"));
    }
  }

  @Test
  void aLinkThatIsClosed_endsItsOwnSleep() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT)) {
      CompletableFuture<Void> closing = CompletableFuture.runAsync(client::close);
      assertThrows(
          IOException.class,
          () -> {
            client.sleep(LONG);
            client.sleep(LONG);
          });
      closing.join();
    }
  }

  @Test
  void aFullBell_doesNotBlock() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT);
        MemoryLink server = accept()) {
      for (int i = 0; i < 5000; i++) {
        assertTrue(client.send(message(new Random(i), 8)));
        assertEquals(message(new Random(i), 8), server.receive(BytesValue.parser()));
      }
      server.sleep(1);
    }
  }

  @Test
  void theNames_vanishOnceTheClientHasRung() throws IOException {
    Path directory = directory(offer.described());
    assertEquals("rwx------", permissions(directory));
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT);
        MemoryLink server = accept()) {
      assertFalse(Files.exists(directory));
      assertTrue(client.send(BytesValue.getDefaultInstance()));
      assertTrue(server.isReady());
    }
  }

  private static String permissions(Path path) throws IOException {
    return java.nio.file.attribute.PosixFilePermissions.toString(
        Files.getPosixFilePermissions(path));
  }

  @Test
  void theNames_vanishWithTheOffer() {
    Path directory = directory(offer.described());
    assertTrue(Files.exists(directory));
    offer.close();
    assertFalse(Files.exists(directory));
  }

  @Test
  void whoDoesNotKnowTheNonce_isNotAccepted() throws IOException {
    SharedMemory right = offer.described();
    try (MemoryOffer other = new MemoryOffer(3, 1000, 1000)) {
      SharedMemory mixed = other.described().toBuilder().setBell(right.getBell()).build();
      try (MemoryLink stranger = MemoryLink.take(mixed, 3, LIMIT)) {
        assertNull(offer.accept());
        try (MemoryLink client = MemoryLink.take(right, 3, LIMIT);
            MemoryLink server = accept()) {
          assertTrue(client.send(BytesValue.getDefaultInstance()));
          assertTrue(server.isReady());
          assertThrows(IOException.class, () -> stranger.sleep(LONG));
        }
      }
    }
  }

  static Stream<SharedMemory.Builder> wrong() {
    SharedMemory.Builder none = SharedMemory.newBuilder();
    return Stream.of(
        none.clone().setRequestBytes(16),
        none.clone().setResponseBytes(1 << 20),
        none.clone().setResponseBytes(12),
        none.clone().setResponseBytes(-8),
        none.clone().setRequestBytes(Long.MAX_VALUE - 7),
        none.clone().setNonce(ByteString.copyFrom(new byte[16])),
        none.clone().setNonce(ByteString.copyFrom(new byte[15])),
        none.clone().setMemory("/dev/null"),
        none.clone().setMemory("/nowhere/memory"),
        none.clone().setMemory("\0"),
        none.clone().setBell("/nowhere/bell"),
        none.clone().setBell("/" + "x".repeat(200)));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void anOfferThatIsNotTrue_isRefused(SharedMemory.Builder wrong) {
    SharedMemory untrue = offer.described().toBuilder().mergeFrom(wrong.build()).build();
    assertThrows(IOException.class, () -> MemoryLink.take(untrue, 3, LIMIT));
  }

  @Test
  void anotherEpoch_isRefused() {
    assertThrows(IOException.class, () -> MemoryLink.take(offer.described(), 2, LIMIT));
  }

  @Test
  void aFileThatIsTooShort_isRefused() throws IOException {
    try (FileChannel file =
        FileChannel.open(Path.of(offer.described().getMemory()), StandardOpenOption.WRITE)) {
      file.truncate(5000);
    }
    assertThrows(IOException.class, () -> MemoryLink.take(offer.described(), 3, LIMIT));
  }

  @Test
  void rubbishInAMessage_isRefused() throws IOException {
    try (MemoryLink client = MemoryLink.take(offer.described(), 3, LIMIT);
        MemoryLink server = accept()) {
      assertTrue(client.send(message(new Random(1), 100)));
      assertThrows(IOException.class, () -> server.receive(StringValue.parser()));
    }
  }
}
