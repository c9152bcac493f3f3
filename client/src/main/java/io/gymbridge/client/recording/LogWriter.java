package io.gymbridge.client.recording;

import com.google.protobuf.MessageLite;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** Appends records to a log. Not thread-safe. */
final class LogWriter implements AutoCloseable {
  private final Path file;
  private final OutputStream output;
  private final CRC32C crc = new CRC32C();

  /**
   * Begins a file, in place of one that is there.
   *
   * @throws GymException INVALID_ARGUMENT where it cannot be written, as all methods
   */
  LogWriter(Path file) {
    this.file = file;
    try {
      output = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
      output.write(LogFormat.MAGIC);
      output.write(LogFormat.VERSION);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  void header(byte source, MessageLite request) {
    record(LogFormat.HEADER, new byte[] {source}, request);
  }

  void record(byte kind, int[] checksums, MessageLite request) {
    ByteBuffer bytes = ByteBuffer.allocate(checksums.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(checksums);
    record(kind, bytes.array(), request);
  }

  private void record(byte kind, byte[] before, MessageLite message) {
    int length = 1 + before.length + message.getSerializedSize();
    ByteBuffer record = ByteBuffer.allocate(length + 8).order(ByteOrder.LITTLE_ENDIAN);
    record.putInt(length).put(kind).put(before).put(message.toByteArray());
    crc.reset();
    crc.update(record.array(), 4, length);
    record.putInt((int) crc.getValue());
    try {
      output.write(record.array());
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private GymException unwritable(IOException e) {
    return new GymException(
        Kind.INVALID_ARGUMENT, "cannot write the log %s: %s".formatted(file, e), null, e);
  }

  @Override
  public void close() {
    try {
      output.close();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }
}
