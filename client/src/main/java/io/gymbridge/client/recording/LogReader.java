package io.gymbridge.client.recording;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.StepRequest;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log record by record. Not thread-safe.
 *
 * <p>Every method throws {@link GymException}, INVALID_ARGUMENT, for a file that is no log, of
 * another version, or damaged.
 */
final class LogReader implements AutoCloseable {
  /** What a record says, but for the header. */
  sealed interface Event {
    int[] checksums();
  }

  record Reset(ResetRequest request, int[] checksums) implements Event {}

  record Step(StepRequest request, int[] checksums) implements Event {}

  private final Path file;
  private final long size;
  private final DataInputStream input;
  private final boolean served;
  private final OpenSessionRequest header;
  private long position;
  private boolean cut;

  LogReader(Path file) {
    this.file = file;
    InputStream opened;
    try {
      size = Files.size(file);
      opened = Files.newInputStream(file);
    } catch (IOException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "cannot read the log %s: %s".formatted(file, e), null, e);
    }
    input = new DataInputStream(new BufferedInputStream(opened, 1 << 16));
    try {
      checkMagic();
      ByteBuffer body = body();
      if (body == null || body.get() != LogFormat.HEADER || !body.hasRemaining()) {
        throw damaged("it has no header");
      }
      served = body.get() == LogFormat.SERVED;
      header = parse(OpenSessionRequest.parser(), body);
      if (header.getNumEnvs() < 1) {
        throw damaged("its header names no lanes");
      }
    } catch (IOException e) {
      close();
      throw damaged(e.toString());
    } catch (GymException e) {
      close();
      throw e;
    }
  }

  private void checkMagic() throws IOException {
    byte[] magic = input.readNBytes(LogFormat.MAGIC.length);
    if (!Arrays.equals(magic, LogFormat.MAGIC)) {
      throw new GymException(Kind.INVALID_ARGUMENT, file + " is no log of environments");
    }
    int version = input.read();
    if (version != LogFormat.VERSION) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "%s is a log of version %d, expected %d".formatted(file, version, LogFormat.VERSION));
    }
    position = magic.length + 1L;
  }

  /** How the environments were made; its autoreset mode and number of lanes are the batch's own. */
  OpenSessionRequest header() {
    return header;
  }

  /** Whether they were made by a server; else in this process. */
  boolean served() {
    return served;
  }

  /** Whether the file ended in the middle of a record. */
  boolean cut() {
    return cut;
  }

  /** The next record; null at the end. */
  @Nullable Event next() {
    try {
      ByteBuffer body = body();
      if (body == null) {
        return null;
      }
      byte kind = body.get();
      int[] checksums = new int[header.getNumEnvs()];
      if (body.remaining() < 4L * checksums.length) {
        throw damaged("a record is too short");
      }
      body.asIntBuffer().get(checksums);
      body.position(body.position() + 4 * checksums.length);
      return switch (kind) {
        case LogFormat.RESET -> new Reset(parse(ResetRequest.parser(), body), checksums);
        case LogFormat.STEP -> new Step(parse(StepRequest.parser(), body), checksums);
        default -> throw damaged("a record is of an unknown kind, " + kind);
      };
    } catch (IOException e) {
      throw damaged(e.toString());
    }
  }

  private @Nullable ByteBuffer body() throws IOException {
    long left = size - position;
    if (left < 4) {
      cut = left > 0;
      return null;
    }
    int length = Integer.reverseBytes(input.readInt());
    if (length < 1) {
      throw damaged("a record has a length of " + length);
    }
    if (length + 8L > left) {
      cut = true;
      return null;
    }
    byte[] bytes = input.readNBytes(length);
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    if ((int) crc.getValue() != Integer.reverseBytes(input.readInt())) {
      throw damaged("a record's checksum differs");
    }
    position += length + 8L;
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private <T> T parse(Parser<T> parser, ByteBuffer body) throws InvalidProtocolBufferException {
    return parser.parseFrom(body);
  }

  private GymException damaged(String why) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "the log %s is damaged at byte %d: %s".formatted(file, position, why));
  }

  @Override
  public void close() {
    try {
      input.close();
    } catch (IOException e) {
      throw new GymException(Kind.INVALID_ARGUMENT, "cannot close " + file, null, e);
    }
  }
}
