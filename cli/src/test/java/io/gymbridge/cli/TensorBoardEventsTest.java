package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event files, read by a decoder that shares nothing with the writer. */
class TensorBoardEventsTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);

  @TempDir Path folder = Path.of("");

  /** What one record holds; numbers by field, scalars by tag. */
  record Event(double wallTime, long step, String version, int start, Map<String, Float> scalars) {}

  @Test
  void scalars_are_in_the_file_at_once_with_their_times_and_checksums() throws IOException {
    try (TensorBoardEvents events =
        TensorBoardEvents.create(folder.resolve("run"), "host", CLOCK)) {
      assertEquals(
          "events.out.tfevents.1700000000.host", String.valueOf(events.file().getFileName()));
      events.restart(11);
      Map<String, Double> scalars = new LinkedHashMap<>();
      scalars.put("rollout/mean_return", -123.5);
      scalars.put("discriminator/loss", Double.NaN);
      scalars.put("train/entropy", Double.NEGATIVE_INFINITY);
      events.scalars(5_000_000_000L, scalars);
      List<Event> read = read(events.file());
      assertEquals(
          List.of(
              new Event(1_700_000_000.25, 0, "brain.Event:2", 0, Map.of()),
              new Event(1_700_000_000.25, 11, "", 1, Map.of()),
              new Event(
                  1_700_000_000.25,
                  5_000_000_000L,
                  "",
                  0,
                  Map.of(
                      "rollout/mean_return", -123.5f, "train/entropy", Float.NEGATIVE_INFINITY))),
          read);
    }
  }

  @Test
  void a_second_file_of_the_same_second_has_another_name() throws IOException {
    try (TensorBoardEvents first = TensorBoardEvents.create(folder, "host", CLOCK);
        TensorBoardEvents second = TensorBoardEvents.create(folder, "host", CLOCK)) {
      assertEquals(first.file().getFileName() + ".1", String.valueOf(second.file().getFileName()));
    }
  }

  @Test
  void the_decoder_below_knows_a_published_checksum() {
    // The check value of CRC-32/ISCSI.
    assertEquals(0xE3069283, crc("123456789".getBytes(StandardCharsets.US_ASCII)));
  }

  /** All events of a file; fails where a checksum is wrong or something is left over. */
  static List<Event> read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Event> events = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] head = new byte[8];
      bytes.duplicate().get(head);
      int length = Math.toIntExact(bytes.getLong());
      assertEquals(masked(crc(head)), bytes.getInt());
      byte[] event = new byte[length];
      bytes.get(event);
      assertEquals(masked(crc(event)), bytes.getInt());
      events.add(event(CodedInputStream.newInstance(event)));
    }
    return events;
  }

  private static Event event(CodedInputStream in) throws IOException {
    double wallTime = Double.NaN;
    long step = 0;
    String version = "";
    int start = 0;
    Map<String, Float> scalars = new LinkedHashMap<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1 -> wallTime = in.readDouble();
        case 2 -> step = in.readInt64();
        case 3 -> version = in.readString();
        case 5 -> summary(in.readBytes().newCodedInput(), scalars);
        case 7 -> {
          CodedInputStream inside = in.readBytes().newCodedInput();
          assertEquals(1, WireFormat.getTagFieldNumber(inside.readTag()));
          start = inside.readEnum();
        }
        default -> throw new AssertionError("field " + WireFormat.getTagFieldNumber(tag));
      }
    }
    return new Event(wallTime, step, version, start, scalars);
  }

  private static void summary(CodedInputStream in, Map<String, Float> scalars) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      assertEquals(1, WireFormat.getTagFieldNumber(tag));
      CodedInputStream value = in.readBytes().newCodedInput();
      assertEquals(1, WireFormat.getTagFieldNumber(value.readTag()));
      String name = value.readString();
      assertEquals(2, WireFormat.getTagFieldNumber(value.readTag()));
      scalars.put(name, value.readFloat());
      assertTrue(value.isAtEnd());
    }
  }

  /** CRC-32C bit by bit. */
  private static int crc(byte[] bytes) {
    int crc = -1;
    for (byte next : bytes) {
      crc ^= next & 0xFF;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82F63B78;
      }
    }
    return ~crc;
  }

  private static int masked(int crc) {
    return (crc >>> 15 | crc << 17) + 0xa282ead8;
  }
}
