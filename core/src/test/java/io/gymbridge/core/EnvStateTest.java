package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.testing.CountingEnv;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class EnvStateTest {
  /** One field of each kind. */
  private static final class Owner {
    private double real = -0.5;
    private long big = 0x0102030405060708L;
    private int small = 3;
    private boolean flag = true;
    private byte[] bytes = {9, 8};

    private void exchange(EnvState state) {
      real = state.real(real);
      big = state.integer(big);
      small = state.integer(small, 0, 5);
      flag = state.flag(flag);
      bytes = state.bytes(bytes);
    }

    private byte[] save() {
      return EnvState.save("Owner", 2, this::exchange);
    }

    private void restore(byte[] state) {
      EnvState.restore(state, "Owner", 2, this::exchange);
    }
  }

  @Test
  void the_bytes_are_as_documented() {
    String hex =
        "47594d53" // GYMS
            + "01000000" // format
            + "05000000" // name
            + "4f776e6572"
            + "02000000" // version
            + "000000000000e0bf"
            + "0807060504030201"
            + "0300000000000000"
            + "01"
            + "020000000908";
    byte[] saved = new Owner().save();
    assertEquals(hex, HexFormat.of().formatHex(saved, 0, saved.length - 4));
  }

  @Test
  void restoring_gives_back_every_field() {
    Owner saved = new Owner();
    saved.real = Double.NaN;
    saved.small = 5;
    Owner restored = new Owner();
    restored.flag = false;
    restored.bytes = new byte[0];
    restored.restore(saved.save());
    assertArrayEquals(saved.save(), restored.save());
  }

  @Test
  void a_wrong_state_leaves_the_fields_alone() {
    Owner owner = new Owner();
    byte[] present = owner.save();
    Owner outside = new Owner();
    outside.real = 7;
    outside.small = 6;
    refused("holds 6 where 0 … 5 is expected", owner, outside.save());
    refused("version of Owner is 3", owner, EnvState.save("Owner", 3, outside::exchange));
    refused("owner is Other", owner, EnvState.save("Other", 2, outside::exchange));
    refused("too many", owner, EnvState.save("Owner", 2, state -> longer(state, new Owner())));
    refused("ends too early", owner, EnvState.save("Owner", 2, state -> state.real(7)));
    refused("no saved state", owner, new byte[100]);
    assertArrayEquals(present, owner.save());
  }

  private static void longer(EnvState state, Owner owner) {
    owner.exchange(state);
    state.flag(true);
  }

  private static void refused(String why, Owner owner, byte[] state) {
    GymException error = assertThrows(GymException.class, () -> owner.restore(state));
    assertEquals(Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(error.getMessage().contains(why), error.getMessage());
  }

  @Test
  void a_wrapper_says_when_what_it_wraps_cannot_save() {
    GymException error =
        assertThrows(
            GymException.class, () -> StatefulEnv.of(CountingEnv.truncating()).saveState());
    assertEquals(Kind.UNIMPLEMENTED, error.kind());
    assertTrue(error.getMessage().contains("CountingEnv"), error.getMessage());
  }
}
