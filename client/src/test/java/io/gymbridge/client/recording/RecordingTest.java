package io.gymbridge.client.recording;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.VectorEnvContract;
import io.gymbridge.envs.Envs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecordingTest extends VectorEnvContract {
  private static final int LANES = 3;
  @TempDir Path folder = Path.of("");
  private final AtomicInteger files = new AtomicInteger();

  @Override
  protected VectorEnv make(int numEnvs, AutoresetMode mode) {
    Path file = folder.resolve("contract" + files.incrementAndGet());
    return RecordingVectorEnv.local(
        new SyncVectorEnv(() -> Envs.make("CartPole-v1"), numEnvs, mode), file);
  }

  private Path record(AutoresetMode mode, int steps) {
    Path file = folder.resolve("log");
    try (VectorEnv env =
        RecordingVectorEnv.local(
            new SyncVectorEnv(() -> Envs.make("CartPole-v1"), LANES, mode), file)) {
      Random random = new Random(1);
      env.reset(4);
      for (int i = 0; i < steps; i++) {
        VectorEnv.Step step = env.step(sample(env, random));
        boolean[] ended = {step.ended(0), step.ended(1), step.ended(2)};
        if (mode == AutoresetMode.DISABLED && (ended[0] || ended[1] || ended[2])) {
          env.reset(new long[] {i, i, i}, ended, Map.of());
        }
      }
    }
    return file;
  }

  private static Replay.Result replay(Path file, Supplier<Env> maker) {
    try (Replay replay = new Replay(file);
        VectorEnv env = new SyncVectorEnv(maker, LANES, replay.options().autoresetMode())) {
      return replay.run(env);
    }
  }

  private static Replay.Result replay(Path file) {
    return replay(file, () -> Envs.make("CartPole-v1"));
  }

  @ParameterizedTest
  @EnumSource
  void log_done_again_gives_the_same(AutoresetMode mode) {
    Replay.Result result = replay(record(mode, 100));
    assertNull(result.difference());
    assertTrue(result.calls() >= 101);
    assertEquals(false, result.cut());
  }

  @Test
  void environment_that_does_something_else_is_found_out_at_its_first_call() {
    Path file = folder.resolve("counting");
    try (VectorEnv env =
        RecordingVectorEnv.local(
            new SyncVectorEnv(CountingEnv::terminating, LANES, AutoresetMode.NEXT_STEP), file)) {
      env.reset(1);
      for (int i = 0; i < 6; i++) {
        env.step(NdArray.of(new long[LANES], LANES));
      }
    }
    assertNull(replay(file, CountingEnv::terminating).difference());
    Replay.Result result = replay(file, CountingEnv::truncating);
    assertEquals(6, result.calls());
    assertTrue(String.valueOf(result.difference()).startsWith("call 6 (step), lane 0:"));
  }

  @Test
  void log_cut_at_any_byte_is_replayed_up_to_there() throws IOException {
    byte[] whole = Files.readAllBytes(record(AutoresetMode.NEXT_STEP, 5));
    Path cut = folder.resolve("cut");
    int headers = 0;
    for (int length = 0; length < whole.length; length++) {
      Files.write(cut, Arrays.copyOf(whole, length));
      try {
        Replay.Result result = replay(cut);
        assertNull(result.difference());
        assertTrue(result.calls() <= 5);
      } catch (GymException e) {
        assertEquals(GymException.Kind.INVALID_ARGUMENT, e.kind());
        headers++;
      }
    }
    assertTrue(headers < 60, headers + " lengths have no header");
  }

  @Test
  void log_with_a_changed_byte_is_refused() throws IOException {
    byte[] whole = Files.readAllBytes(record(AutoresetMode.NEXT_STEP, 3));
    Path changed = folder.resolve("changed");
    for (int at = 0; at < whole.length; at++) {
      byte[] bytes = whole.clone();
      bytes[at] ^= 0x10;
      Files.write(changed, bytes);
      Replay.Result result;
      try {
        result = replay(changed);
      } catch (GymException e) {
        assertEquals(GymException.Kind.INVALID_ARGUMENT, e.kind());
        continue;
      }
      // A length that points beyond the end looks like a record that is not all there.
      assertTrue(result.cut(), "a change at byte " + at + " was not noticed");
    }
  }

  @Test
  void file_that_is_no_log_is_named() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "gym");
    GymException failure = assertThrows(GymException.class, () -> new Replay(file));
    assertTrue(failure.getMessage().contains("no log of environments"), failure.getMessage());
  }
}
