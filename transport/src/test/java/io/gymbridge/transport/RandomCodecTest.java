package io.gymbridge.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.core.testing.RandomSpaces;
import io.gymbridge.proto.v1.Buffers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every space, however nested, and for every message, however broken. */
class RandomCodecTest {
  private static final int MALFORMED = 5_000;

  static IntStream seeds() {
    return IntStream.range(0, 200);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void spaces_and_batches_survive_whole_and_in_parts(int seed)
      throws InvalidProtocolBufferException {
    Random random = new Random(seed);
    Space space = RandomSpaces.draw(random, 3);
    byte[] message = SpaceCodec.encode(space).toByteArray();
    Space decoded = SpaceCodec.decode(io.gymbridge.proto.v1.Space.parseFrom(message));
    assertEquals(space, decoded);
    ValueCodec codec = new ValueCodec(decoded);
    for (int n = 0; n < 5; n++) {
      Value batch = RandomSpaces.sample(space, n, random);
      byte[] bytes = codec.encode(batch, n, "x").toByteArray();
      assertEquals(batch, codec.decode(Buffers.parseFrom(bytes), n, "x"));
      int first = random.nextInt(n + 1);
      int count = random.nextInt(n - first + 1);
      Value part = codec.decode(codec.encode(batch, n, first, count, "x"), count, "x");
      assertEquals(batch.slice(first, count), part);
    }
  }

  @Test
  void malformed_buffers_are_refused_or_make_a_batch() {
    Random random = new Random(1);
    int refused = 0;
    for (int i = 0; i < MALFORMED; i++) {
      Space space = RandomSpaces.draw(random, 3);
      int n = random.nextInt(4);
      ValueCodec codec = new ValueCodec(space);
      Buffers message = codec.encode(RandomSpaces.sample(space, n, random), n, "x");
      Buffers broken = broken(message, random);
      int asked = random.nextInt(8) == 0 ? random.nextInt(5) : n;
      try {
        Value batch = codec.decode(broken, asked, "x");
        for (int row = 0; row < asked; row++) {
          space.contains(batch.row(row));
        }
        assertEquals(broken, codec.encode(batch, asked, "x"));
      } catch (GymException e) {
        assertEquals(Kind.INVALID_ARGUMENT, e.kind());
        assertTrue(e.getMessage().startsWith("x"), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > MALFORMED / 3, refused + " were refused");
  }

  @Test
  void malformed_spaces_are_refused_or_make_a_space() {
    Random random = new Random(1);
    for (int i = 0; i < MALFORMED; i++) {
      Space space = RandomSpaces.draw(random, 3);
      byte[] message = SpaceCodec.encode(space).toByteArray();
      if (message.length > 0) {
        message[random.nextInt(message.length)] = (byte) random.nextInt(128);
      }
      try {
        SpaceCodec.encode(SpaceCodec.decode(io.gymbridge.proto.v1.Space.parseFrom(message)));
      } catch (InvalidProtocolBufferException e) {
        // Not a message at all.
      } catch (GymException e) {
        assertEquals(Kind.INVALID_ARGUMENT, e.kind());
      }
    }
  }

  private static Buffers broken(Buffers message, Random random) {
    List<ByteString> buffers = new ArrayList<>(message.getBuffersList());
    int count = 1 + random.nextInt(2);
    for (int i = 0; i < count && !buffers.isEmpty(); i++) {
      int which = random.nextInt(buffers.size());
      ByteString buffer = buffers.get(which);
      switch (random.nextInt(7)) {
        case 0 -> buffers.remove(which);
        case 1 -> buffers.add(which, buffer);
        case 2 -> buffers.set(which, buffer.substring(0, random.nextInt(buffer.size() + 1)));
        case 3 -> buffers.set(which, buffer.concat(ByteString.copyFrom(new byte[1 + which])));
        case 4 -> buffers.set(which, buffers.set(random.nextInt(buffers.size()), buffer));
        case 5 -> buffers.set(which, flipped(buffer, random));
        default -> buffers.set(which, overwritten(buffer, random));
      }
    }
    return Buffers.newBuilder().addAllBuffers(buffers).build();
  }

  private static ByteString flipped(ByteString buffer, Random random) {
    byte[] bytes = buffer.toByteArray();
    if (bytes.length > 0) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return ByteString.copyFrom(bytes);
  }

  /** With one int32 replaced by a suspicious one. */
  private static ByteString overwritten(ByteString buffer, Random random) {
    int[] suspicious = {-1, 0, 1, 2, 65_537, Integer.MAX_VALUE, Integer.MIN_VALUE};
    ByteBuffer bytes = ByteBuffer.wrap(buffer.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.capacity() >= 4) {
      bytes.putInt(
          4 * random.nextInt(bytes.capacity() / 4), suspicious[random.nextInt(suspicious.length)]);
    }
    return ByteString.copyFrom(bytes.array());
  }
}
