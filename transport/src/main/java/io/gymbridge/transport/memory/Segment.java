package io.gymbridge.transport.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A mapped file: a header, the ring of requests and the ring of responses. It stays mapped as long
 * as something refers to it.
 */
final class Segment {
  private static final byte[] MAGIC = "gymbrdg1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER_BYTES = 4096;
  private static final int NONCE_AT = 8;
  private static final int EPOCH_AT = 24;
  private static final int SIZES_AT = 32;
  private static final int REQUESTS_WRITTEN_AT = 64;
  private static final int REQUESTS_READ_AT = 128;
  private static final int RESPONSES_WRITTEN_AT = 192;
  private static final int RESPONSES_READ_AT = 256;
  private static final int SERVER_LOOKS_AT = 320;
  private static final int CLIENT_LOOKS_AT = 384;

  /** Bytes of a nonce. */
  static final int NONCE_BYTES = 16;

  /** Of one ring, so that both fit into one mapping. */
  static final long MAX_RING_BYTES = 1 << 29;

  private static final int ZEROS_BYTES = 1 << 16;

  private final ByteBuffer header;
  private final ByteBuffer requests;
  private final ByteBuffer responses;

  private Segment(ByteBuffer whole, int requestBytes, int responseBytes) {
    header = part(whole, 0, HEADER_BYTES);
    requests = part(whole, HEADER_BYTES, requestBytes);
    responses = part(whole, HEADER_BYTES + requestBytes, responseBytes);
  }

  private static ByteBuffer part(ByteBuffer whole, int from, int length) {
    return whole.slice(from, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Makes a new file and maps it.
   *
   * @param requestBytes size of a ring, a multiple of 8
   * @throws IOException where it cannot be made, or there is no room for it
   */
  static Segment create(Path file, byte[] nonce, long epoch, int requestBytes, int responseBytes)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      long size = (long) HEADER_BYTES + requestBytes + responseBytes;
      reserve(channel, size);
      Segment made =
          new Segment(
              channel.map(FileChannel.MapMode.READ_WRITE, 0, size), requestBytes, responseBytes);
      made.header
          .put(0, MAGIC)
          .put(NONCE_AT, nonce)
          .putLong(EPOCH_AT, epoch)
          .putLong(SIZES_AT, requestBytes)
          .putLong(SIZES_AT + 8, responseBytes);
      return made;
    }
  }

  /** Writes it once: touching a page for which there is no room would kill this process. */
  private static void reserve(FileChannel channel, long size) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS_BYTES);
    for (long written = 0; written < size; ) {
      zeros.clear().limit((int) Math.min(ZEROS_BYTES, size - written));
      written += channel.write(zeros);
    }
  }

  /**
   * Maps a file that a server has made, and checks that it is the one.
   *
   * @throws IOException where it cannot be opened, or is another one
   */
  static Segment open(Path file, byte[] nonce, long epoch, long requestBytes, long responseBytes)
      throws IOException {
    checkSize(requestBytes);
    checkSize(responseBytes);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long size = HEADER_BYTES + requestBytes + responseBytes;
      if (channel.size() < size) {
        throw new IOException("%s has %d bytes, expected %d".formatted(file, channel.size(), size));
      }
      Segment opened =
          new Segment(
              channel.map(FileChannel.MapMode.READ_WRITE, 0, size),
              (int) requestBytes,
              (int) responseBytes);
      ByteBuffer expected =
          ByteBuffer.allocate(SIZES_AT + 16)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(MAGIC)
              .put(Arrays.copyOf(nonce, NONCE_BYTES))
              .putLong(epoch)
              .putLong(requestBytes)
              .putLong(responseBytes)
              .flip();
      if (!opened.header.slice(0, expected.limit()).equals(expected)) {
        throw new IOException(file + " does not begin with what the server said of it");
      }
      return opened;
    }
  }

  private static void checkSize(long ringBytes) throws IOException {
    if (ringBytes < 8 || ringBytes > MAX_RING_BYTES || ringBytes % 8 != 0) {
      throw new IOException(
          "got a ring of %d bytes, expected a multiple of 8 up to %d"
              .formatted(ringBytes, MAX_RING_BYTES));
    }
  }

  RingWriter writeRequests() {
    return new RingWriter(header, REQUESTS_WRITTEN_AT, REQUESTS_READ_AT, SERVER_LOOKS_AT, requests);
  }

  RingReader readRequests() {
    return new RingReader(header, REQUESTS_WRITTEN_AT, REQUESTS_READ_AT, SERVER_LOOKS_AT, requests);
  }

  RingWriter writeResponses() {
    return new RingWriter(
        header, RESPONSES_WRITTEN_AT, RESPONSES_READ_AT, CLIENT_LOOKS_AT, responses);
  }

  RingReader readResponses() {
    return new RingReader(
        header, RESPONSES_WRITTEN_AT, RESPONSES_READ_AT, CLIENT_LOOKS_AT, responses);
  }
}
