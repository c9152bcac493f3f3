package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a saved state, gone through in one order by saving and by restoring, so that the
 * two cannot drift apart:
 *
 * <pre>{@code
 * private void exchange(EnvState state) {
 *   position = state.real(position);
 *   steps = state.integer(steps, 0, 500);
 * }
 * }</pre>
 *
 * Each method takes a field's present value. Saving writes it and returns it; restoring returns the
 * one that was saved.
 *
 * <p>The bytes, little-endian: "GYMS", the format's version (int32, 1), the length and the UTF-8
 * bytes of the saver's name, its own version (int32), the fields one after the other, and the
 * CRC-32 of all that. A float64 or int64 takes 8 bytes, a float32 4, a flag 1, a byte array its
 * length (int32) and itself.
 */
public final class EnvState {
  private static final int MAGIC = 0x534D5947;
  private static final int FORMAT = 1;

  private final @Nullable ByteBuffer saved;
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  private EnvState(@Nullable ByteBuffer saved) {
    this.saved = saved;
  }

  /**
   * Saves.
   *
   * @param name of what saves: an environment's id, or a wrapper's name
   * @param version of the fields, raised when they change
   */
  public static byte[] save(String name, int version, Consumer<EnvState> fields) {
    EnvState state = new EnvState(null);
    state.writeInt(MAGIC);
    state.writeInt(FORMAT);
    state.bytes(name.getBytes(StandardCharsets.UTF_8));
    state.writeInt(version);
    fields.accept(state);
    state.writeInt(checksum(state.written.toByteArray()));
    return state.written.toByteArray();
  }

  /**
   * Restores what {@link #save} saved with the same arguments. Where that fails, the fields get
   * their present values back.
   *
   * @throws GymException INVALID_ARGUMENT if the bytes are damaged, or from another saver or
   *     version
   */
  public static void restore(byte[] bytes, String name, int version, Consumer<EnvState> fields) {
    ByteBuffer saved = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < 20 || saved.getInt() != MAGIC) {
      throw wrong("these %d bytes are no saved state".formatted(bytes.length));
    }
    saved.limit(bytes.length - 4);
    byte[] checked = new byte[bytes.length - 4];
    saved.get(0, checked);
    if (checksum(checked)
        != ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - 4)) {
      throw wrong("the saved state is damaged: its checksum differs");
    }
    EnvState state = new EnvState(saved);
    try {
      expect("format", FORMAT, saved.getInt());
      expect("owner", name, new String(state.bytes(new byte[0]), StandardCharsets.UTF_8));
      expect("version of " + name, version, saved.getInt());
      byte[] present = save(name, version, fields);
      try {
        fields.accept(state);
        if (saved.hasRemaining()) {
          throw wrong(
              "the saved state of %s has %d bytes too many".formatted(name, saved.remaining()));
        }
      } catch (GymException | BufferUnderflowException e) {
        EnvState undo = new EnvState(ByteBuffer.wrap(present).order(ByteOrder.LITTLE_ENDIAN));
        undo.skipHeader();
        fields.accept(undo);
        throw e;
      }
    } catch (BufferUnderflowException e) {
      throw wrong("the saved state of " + name + " ends too early");
    }
  }

  private void skipHeader() {
    ByteBuffer buffer = java.util.Objects.requireNonNull(saved);
    buffer.position(8);
    bytes(new byte[0]);
    buffer.getInt();
  }

  private static void expect(String what, Object expected, Object got) {
    if (!expected.equals(got)) {
      throw wrong("the saved state's %s is %s, expected %s".formatted(what, got, expected));
    }
  }

  /** A {@code double}, kept bit for bit. */
  public double real(double value) {
    return Double.longBitsToDouble(integer(Double.doubleToRawLongBits(value)));
  }

  /** A {@code long}. */
  public long integer(long value) {
    if (saved != null) {
      return saved.getLong();
    }
    writeInt((int) value);
    writeInt((int) (value >>> 32));
    return value;
  }

  /** An {@code int} that is restored only if it lies between the bounds, inclusive. */
  public int integer(int value, int low, int high) {
    long restored = integer(value);
    if (saved != null && (restored < low || restored > high)) {
      throw wrong(
          "the saved state holds %d where %d … %d is expected".formatted(restored, low, high));
    }
    return (int) restored;
  }

  /** A {@code boolean}. */
  public boolean flag(boolean value) {
    if (saved != null) {
      return saved.get() != 0;
    }
    written.write(value ? 1 : 0);
    return value;
  }

  /** Bytes of any number. */
  public byte[] bytes(byte[] value) {
    if (saved != null) {
      int length = saved.getInt();
      if (length < 0 || length > saved.remaining()) {
        throw new BufferUnderflowException();
      }
      byte[] restored = new byte[length];
      saved.get(restored);
      return restored;
    }
    writeInt(value.length);
    written.writeBytes(value);
    return value;
  }

  /**
   * Members of a space, of any number.
   *
   * @throws GymException INVALID_ARGUMENT if what was saved are none
   */
  public List<Value> members(Space space, Collection<? extends Value> values) {
    List<Value> restored = new ArrayList<>();
    Iterator<? extends Value> present = values.iterator();
    while (flag(present.hasNext())) {
      restored.add(member(space, saved == null ? present.next() : null));
    }
    return restored;
  }

  private Value member(Space space, @Nullable Value value) {
    try {
      Value member = new MemberState(this).exchange(space, value);
      String mismatch = saved == null ? null : space.whyNot(member);
      if (mismatch == null) {
        return member;
      }
      throw wrong("the saved state: " + mismatch);
    } catch (IllegalArgumentException e) {
      throw wrong("the saved state: " + e.getMessage());
    }
  }

  /** Numbers, always as many as there are; the array is changed. */
  public void reals(double[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = real(values[i]);
    }
  }

  /** Numbers, always as many as there are; the array is changed. */
  public void floats(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (saved != null) {
        values[i] = saved.getFloat();
      } else {
        writeInt(Float.floatToRawIntBits(values[i]));
      }
    }
  }

  /** Flags, always as many as there are; the array is changed. */
  public void flags(boolean[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = flag(values[i]);
    }
  }

  /** The whole state of a wrapped environment; UNIMPLEMENTED if that cannot save it. */
  public void inner(Env env) {
    StatefulEnv stateful = StatefulEnv.of(env);
    if (saved != null) {
      stateful.restoreState(bytes(new byte[0]));
    } else {
      bytes(stateful.saveState());
    }
  }

  private void writeInt(int value) {
    written.write(value);
    written.write(value >>> 8);
    written.write(value >>> 16);
    written.write(value >>> 24);
  }

  private static int checksum(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static GymException wrong(String message) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        message + "; restore what saveState gave, of an environment made in the same way");
  }
}
