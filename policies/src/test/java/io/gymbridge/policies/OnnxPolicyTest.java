package io.gymbridge.policies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class OnnxPolicyTest {
  static final Space OBSERVATIONS = Box.of(DType.FLOAT32, -9, 9, 2);
  static final Space ACTIONS = Box.of(DType.FLOAT32, -20, 20, 2);
  private static final NdArray BATCH = NdArray.of(new float[] {1, -2, 3, 0.5f, 0, 0}, 3, 2);

  private static OnnxPolicy gaussian(long seed) {
    return new OnnxPolicy(TinyOnnx.gaussian(), OBSERVATIONS, ACTIONS, seed);
  }

  private static GymException assertFails(Kind kind, Executable executable) {
    GymException error = assertThrows(GymException.class, executable);
    assertEquals(kind, error.kind(), error.getMessage());
    return error;
  }

  @Test
  void deterministic_actions_are_the_graphs() {
    try (OnnxPolicy policy = gaussian(0)) {
      assertTrue(policy.stochastic());
      assertEquals(NdArray.of(new float[] {2, -4, 6, 1, 0, 0}, 3, 2), policy.act(BATCH, true));
    }
    try (OnnxPolicy policy =
        new OnnxPolicy(TinyOnnx.categorical(), OBSERVATIONS, new Discrete(2), 0)) {
      assertEquals(NdArray.of(new long[] {0, 0, 0}, 3), policy.act(BATCH, true));
    }
  }

  @Test
  void samples_with_the_same_seed_and_call_are_the_same() {
    try (OnnxPolicy one = gaussian(1);
        OnnxPolicy two = gaussian(1);
        OnnxPolicy other = gaussian(2)) {
      NdArray first = one.act(BATCH, false);
      NdArray second = one.act(BATCH, false);
      assertEquals(first, two.act(BATCH, false));
      assertEquals(second, two.act(BATCH, false));
      assertFalse(first.equals(second));
      assertFalse(first.equals(other.act(BATCH, false)));
      assertEquals(one.sample(BATCH, 7, 3), other.sample(BATCH, 7, 3), "whatever was asked before");
      assertFalse(one.sample(BATCH, 7, 3).equals(one.sample(BATCH, 7, 4)));
    }
  }

  @Test
  void gaussian_samples_have_the_graphs_moments_and_stay_in_the_box() {
    int n = 20_000;
    float[] rows = new float[2 * n];
    for (int i = 0; i < n; i++) {
      rows[2 * i] = 1.5f;
      rows[2 * i + 1] = 9.95f;
    }
    try (OnnxPolicy policy = gaussian(3)) {
      double[] drawn = policy.act(NdArray.of(rows, n, 2), false).toDoubles();
      double[] free = IntStream.range(0, n).mapToDouble(i -> drawn[2 * i]).toArray();
      double mean = Arrays.stream(free).average().orElseThrow();
      double variance =
          Arrays.stream(free).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
      assertEquals(3, mean, 0.04);
      assertEquals(1, variance, 0.05);
      double highest = IntStream.range(0, n).mapToDouble(i -> drawn[2 * i + 1]).max().orElseThrow();
      assertEquals(20, highest);
    }
  }

  @Test
  void categorical_samples_follow_the_softmax() {
    int n = 20_000;
    float[] rows = new float[2 * n];
    for (int i = 0; i < n; i++) {
      rows[2 * i] = (float) Math.log(3);
    }
    try (OnnxPolicy policy =
        new OnnxPolicy(TinyOnnx.categorical(), OBSERVATIONS, new Discrete(2), 3)) {
      long ones = Arrays.stream(policy.act(NdArray.of(rows, n, 2), false).toLongs()).sum();
      assertEquals(0.25, ones / (double) n, 0.015);
    }
  }

  @Test
  void policy_without_distribution_is_not_sampled() {
    try (OnnxPolicy policy = new OnnxPolicy(TinyOnnx.deterministic(), OBSERVATIONS, ACTIONS, 0)) {
      assertFalse(policy.stochastic());
      assertEquals(policy.act(BATCH, true), policy.act(BATCH, false));
      assertFails(Kind.FAILED_PRECONDITION, () -> policy.sample(BATCH, 0, 0));
      assertFails(Kind.NOT_FOUND, () -> policy.run(BATCH, "mean"));
    }
  }

  @Test
  void observations_that_do_not_fit_are_refused() {
    try (OnnxPolicy policy = gaussian(0)) {
      for (NdArray wrong :
          List.of(
              NdArray.of(new float[3], 1, 3),
              NdArray.of(new float[2], 2),
              NdArray.of(new double[2], 1, 2),
              NdArray.of(new float[4], 1, 2, 2))) {
        GymException error = assertFails(Kind.INVALID_ARGUMENT, () -> policy.act(wrong, true));
        assertTrue(error.getMessage().contains("expected a batch from"), error.getMessage());
      }
    }
  }

  @Test
  void nan_in_the_observations_is_refused_with_its_row() {
    NdArray batch = NdArray.of(new float[] {1, 2, 3, Float.NaN}, 2, 2);
    try (OnnxPolicy policy = gaussian(0)) {
      GymException error = assertFails(Kind.INVALID_ARGUMENT, () -> policy.act(batch, true));
      assertTrue(error.getMessage().contains("row 1"), error.getMessage());
      assertFails(Kind.INVALID_ARGUMENT, () -> policy.act(batch, false));
    }
  }

  @Test
  void model_for_other_spaces_is_refused() {
    assertFails(
        Kind.INVALID_ARGUMENT,
        () -> new OnnxPolicy(TinyOnnx.gaussian(), OBSERVATIONS, new Discrete(2), 0).close());
    assertFails(
        Kind.INVALID_ARGUMENT,
        () ->
            new OnnxPolicy(TinyOnnx.gaussian(), Box.of(DType.FLOAT32, 0, 1, 3), ACTIONS, 0)
                .close());
    assertFails(
        Kind.INVALID_ARGUMENT,
        () ->
            new OnnxPolicy(TinyOnnx.categorical(), OBSERVATIONS, Box.of(DType.INT64, 0, 1, 2), 0)
                .close());
  }

  @Test
  void observations_of_another_type_are_converted_to_the_graphs() {
    for (DType type : List.of(DType.FLOAT64, DType.UINT8, DType.INT64, DType.FLOAT16)) {
      try (OnnxPolicy policy =
          new OnnxPolicy(TinyOnnx.gaussian(), Box.of(type, 0, 200, 2), ACTIONS, 0)) {
        NdArray batch = NdArray.ofDoubles(type, new double[] {1, 2, 3, 200}, 2, 2);
        assertEquals(
            NdArray.of(new float[] {2, 4, 6, 20}, 2, 2), policy.act(batch, true), type.numpyName());
      }
    }
  }

  @Test
  void closed_policy_says_so_and_closes_twice() {
    OnnxPolicy policy = gaussian(0);
    policy.close();
    policy.close();
    GymException error = assertFails(Kind.FAILED_PRECONDITION, () -> policy.act(BATCH, true));
    assertTrue(error.getMessage().contains("closed"), error.getMessage());
  }

  @Test
  void threads_acting_on_different_batches_get_their_own_answers() throws Exception {
    SplittableRandom random = new SplittableRandom(0);
    List<NdArray> batches =
        IntStream.range(0, 64)
            .mapToObj(
                i ->
                    NdArray.ofDoubles(
                        DType.FLOAT32,
                        random.doubles(2L * (1 + i % 5), -9, 9).toArray(),
                        1 + i % 5,
                        2))
            .toList();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (OnnxPolicy policy = gaussian(0)) {
      List<NdArray> serial = batches.stream().map(batch -> policy.act(batch, true)).toList();
      List<Future<List<NdArray>>> parallel =
          IntStream.range(0, 4)
              .mapToObj(
                  t ->
                      threads.submit(
                          () -> batches.stream().map(batch -> policy.act(batch, true)).toList()))
              .toList();
      for (Future<List<NdArray>> answers : parallel) {
        assertEquals(serial, answers.get());
      }
    } finally {
      threads.shutdown();
    }
  }
}
