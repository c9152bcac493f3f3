package io.gymbridge.transport;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;

/** Autoreset modes on the wire. Stateless. */
public final class AutoresetCodec {
  private AutoresetCodec() {}

  /** The message's constant. */
  public static io.gymbridge.proto.v1.AutoresetMode encode(AutoresetMode mode) {
    return switch (mode) {
      case NEXT_STEP -> io.gymbridge.proto.v1.AutoresetMode.AUTORESET_MODE_NEXT_STEP;
      case SAME_STEP -> io.gymbridge.proto.v1.AutoresetMode.AUTORESET_MODE_SAME_STEP;
      case DISABLED -> io.gymbridge.proto.v1.AutoresetMode.AUTORESET_MODE_DISABLED;
    };
  }

  /**
   * The mode; where none is said, Gymnasium's default.
   *
   * @throws GymException UNIMPLEMENTED for one of a newer protocol
   */
  public static AutoresetMode decode(io.gymbridge.proto.v1.AutoresetMode mode) {
    return switch (mode) {
      case AUTORESET_MODE_UNSPECIFIED, AUTORESET_MODE_NEXT_STEP -> AutoresetMode.NEXT_STEP;
      case AUTORESET_MODE_SAME_STEP -> AutoresetMode.SAME_STEP;
      case AUTORESET_MODE_DISABLED -> AutoresetMode.DISABLED;
      case UNRECOGNIZED ->
          throw new GymException(
              Kind.UNIMPLEMENTED, "the other side uses an autoreset mode of a newer protocol");
    };
  }
}
