package io.gymbridge.cli;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A file of scalars that TensorBoard shows: TFRecords, each of which holds one {@code Event} of
 * TensorFlow's event.proto. Every record is in the file once its method has returned. Not
 * thread-safe.
 *
 * <p>A record is its length as a little-endian 64-bit integer, a masked CRC-32C of these 8 bytes,
 * the event, and a masked CRC-32C of the event.
 */
final class TensorBoardEvents implements AutoCloseable {
  /** What the first event of a file says; TensorBoard knows no other. */
  private static final String FILE_VERSION = "brain.Event:2";

  private static final int MASK_DELTA = 0xa282ead8;

  // Event
  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;
  // Summary, Summary.Value, SessionLog
  private static final int VALUE = 1;
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;
  private static final int STATUS = 1;
  private static final int START = 1;

  private final Path file;
  private final FileChannel channel;
  private final Clock clock;

  /** Writes the fields of a message. */
  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private TensorBoardEvents(Path file, FileChannel channel, Clock clock) {
    this.file = file;
    this.channel = channel;
    this.clock = clock;
  }

  /**
   * Begins a new file, {@code events.out.tfevents.SECONDS.HOST}, beside those that are there.
   *
   * @param folder which is made where it does not exist
   * @param host where this runs, for the name
   * @param clock of the events' times
   * @throws IOException if it cannot be written
   */
  static TensorBoardEvents create(Path folder, String host, Clock clock) throws IOException {
    Files.createDirectories(folder);
    String name = "events.out.tfevents.%010d.%s".formatted(clock.instant().getEpochSecond(), host);
    Path file = folder.resolve(name);
    for (int more = 1; ; more++) {
      try {
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        TensorBoardEvents events = new TensorBoardEvents(file, channel, clock);
        events.event(0, out -> out.writeString(VERSION, FILE_VERSION));
        return events;
      } catch (FileAlreadyExistsException e) {
        file = folder.resolve(name + "." + more);
      }
    }
  }

  Path file() {
    return file;
  }

  /** Says that what earlier files of the folder hold from this step on counts no longer. */
  void restart(long step) throws IOException {
    byte[] start = message(out -> out.writeEnum(STATUS, START));
    event(step, out -> out.writeByteArray(SESSION_LOG, start));
  }

  /**
   * Writes one value for each tag.
   *
   * @param scalars by tag, "group/name"; NaN leaves no point
   */
  void scalars(long step, Map<String, Double> scalars) throws IOException {
    byte[] summary =
        message(
            out -> {
              for (Map.Entry<String, Double> scalar : scalars.entrySet()) {
                if (!Double.isNaN(scalar.getValue())) {
                  out.writeByteArray(VALUE, value(scalar.getKey(), scalar.getValue()));
                }
              }
            });
    event(step, out -> out.writeByteArray(SUMMARY, summary));
  }

  private static byte[] value(String tag, double value) throws IOException {
    return message(
        out -> {
          out.writeString(TAG, tag);
          out.writeFloat(SIMPLE_VALUE, (float) value);
        });
  }

  private void event(long step, Fields what) throws IOException {
    double seconds = clock.millis() / 1000.0;
    byte[] event =
        message(
            out -> {
              out.writeDouble(WALL_TIME, seconds);
              out.writeInt64(STEP, step);
              what.write(out);
            });
    ByteBuffer record = ByteBuffer.allocate(event.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(event.length);
    record.putInt(maskedCrc(record.array(), 8));
    record.put(event);
    record.putInt(maskedCrc(event, event.length));
    record.flip();
    while (record.hasRemaining()) {
      channel.write(record);
    }
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  /** Rotated and shifted, since the CRC of a text that holds its own CRC says little. */
  private static int maskedCrc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
