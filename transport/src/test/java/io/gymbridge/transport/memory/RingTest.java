package io.gymbridge.transport.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RingTest {
  private static final int WRITTEN_AT = 0;
  private static final int READ_AT = 64;
  private static final int LOOKS_AT = 128;
  private static final int SIZE = 136;

  private final ByteBuffer header = memory(192);
  private final ByteBuffer ring = memory(SIZE);
  private final RingWriter writer = new RingWriter(header, WRITTEN_AT, READ_AT, LOOKS_AT, ring);
  private final RingReader reader = new RingReader(header, WRITTEN_AT, READ_AT, LOOKS_AT, ring);

  private static ByteBuffer memory(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A message of so many bytes, unless that are 1 or 2. */
  private static BytesValue message(Random random, int length) {
    byte[] bytes = new byte[Math.max(0, length - 2)];
    random.nextBytes(bytes);
    return BytesValue.of(ByteString.copyFrom(bytes));
  }

  private @Nullable BytesValue read() throws IOException {
    ByteBuffer record = reader.next();
    return record == null ? null : BytesValue.parseFrom(record);
  }

  @Test
  void messagesOfAnyLength_comeOutInOrder() throws IOException {
    Random random = new Random(5);
    Deque<BytesValue> inside = new ArrayDeque<>();
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      if (random.nextBoolean()) {
        BytesValue message = message(random, random.nextInt(100));
        if (writer.write(message)) {
          inside.addLast(message);
        } else {
          refused++;
        }
      } else {
        assertEquals(inside.pollFirst(), read());
        reader.release();
      }
    }
    assertTrue(refused > 100, "it was never full");
  }

  @Test
  void aMessage_isFollowedByZerosUpToAMultipleOfEight() throws IOException {
    for (int i = 0; i < SIZE; i++) {
      ring.put(i, (byte) -1);
    }
    writer.write(message(new Random(1), 13));
    assertEquals(13, ring.getLong(0));
    for (int i = 8 + 13; i < 24; i++) {
      assertEquals(0, ring.get(i));
    }
    assertEquals(-1, ring.get(24));
    assertEquals(24, header.getLong(WRITTEN_AT));
  }

  @Test
  void aMessageThatFillsTheRing_findsRoomOnlyInAnEmptyOne() throws IOException {
    BytesValue whole = message(new Random(1), SIZE - 8);
    assertTrue(writer.write(whole));
    assertFalse(writer.write(BytesValue.getDefaultInstance()));
    assertEquals(whole, read());
    assertFalse(writer.write(BytesValue.getDefaultInstance()), "it is not released");
    reader.release();
    assertTrue(writer.write(BytesValue.getDefaultInstance()));
  }

  @Test
  void aRecordThatWouldReachBeyondTheEnd_beginsAtTheStart() throws IOException {
    writer.write(message(new Random(1), 80));
    assertNotNull(reader.next());
    assertFalse(writer.write(message(new Random(2), 80)), "there is room only in two parts");
    reader.release();
    BytesValue second = message(new Random(2), 60);
    assertTrue(writer.write(second));
    assertEquals(-1, ring.getLong(88));
    assertEquals(60, ring.getLong(0));
    assertEquals(second, read());
    assertEquals(SIZE + 72, header.getLong(WRITTEN_AT));
  }

  @Test
  void aMarkerThatComesBeforeItsRecord_isSkipped() throws IOException {
    ring.putLong(0, -1);
    header.putLong(WRITTEN_AT, SIZE);
    assertTrue(reader.isReady());
    assertNull(reader.next());
    assertFalse(reader.isReady());
  }

  @ParameterizedTest
  @ValueSource(longs = {8, 4, SIZE + 8, Long.MAX_VALUE, Long.MIN_VALUE})
  void aPositionThatCannotBe_isRefused(long ahead) {
    header.putLong(WRITTEN_AT, ahead == 8 ? -8 : ahead);
    assertThrows(IOException.class, reader::next);
    header.putLong(READ_AT, ahead);
    assertThrows(IOException.class, () -> writer.write(BytesValue.getDefaultInstance()));
  }

  @ParameterizedTest
  @ValueSource(longs = {-2, 9, SIZE, SIZE - 8, Long.MAX_VALUE, Long.MIN_VALUE})
  void aLengthThatCannotBe_isRefused(long length) {
    ring.putLong(0, length);
    header.putLong(WRITTEN_AT, 16);
    assertThrows(IOException.class, reader::next);
  }

  @Test
  void bell_isWantedByWhoRests_andNotByWhoLooks() throws IOException {
    assertTrue(writer.wantsBell());
    reader.look();
    assertFalse(writer.wantsBell());
    assertTrue(writer.write(BytesValue.getDefaultInstance()));
    reader.rest();
    assertTrue(writer.wantsBell());
    assertTrue(reader.isReady(), "what was written before is for the reader to see");
  }

  @Test
  void rubbish_isReadOrRefused() {
    Random random = new Random(9);
    int refused = 0;
    for (int i = 0; i < 100_000; i++) {
      header.putLong(WRITTEN_AT, rubbish(random));
      header.putLong(READ_AT, rubbish(random));
      ring.putLong(8 * random.nextInt(SIZE / 8), rubbish(random));
      RingReader reading = new RingReader(header, WRITTEN_AT, READ_AT, LOOKS_AT, ring);
      RingWriter writing = new RingWriter(header, WRITTEN_AT, READ_AT, LOOKS_AT, ring);
      try {
        while (reading.isReady() && reading.next() != null) {
          reading.release();
        }
        boolean unused = writing.write(message(random, random.nextInt(200)));
      } catch (IOException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000, "nothing was refused");
  }

  private static long rubbish(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong();
      case 1 -> 8L * random.nextInt(SIZE / 4);
      case 2 -> random.nextInt(2 * SIZE);
      default -> -1;
    };
  }
}
