package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Prints how long a 17-256-256-6 network takes to answer; no test. Arguments: how many answers to
 * time.
 */
final class ActorTiming {
  private ActorTiming() {}

  public static void main(String[] args) {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
    Box observations = Box.of(DType.FLOAT32, -9, 9, 17);
    Box actions = Box.of(DType.FLOAT32, -1, 1, 6);
    byte[] onnx = TinyOnnx.network(17, 256, 6);
    try (OnnxPolicy policy = new OnnxPolicy(onnx, observations, actions, 0)) {
      for (int rows : new int[] {1, 8, 32}) {
        NdArray batch = NdArray.of(new float[17 * rows], rows, 17);
        Question whole = new Question(batch, true);
        print("one question of %d rows".formatted(rows), count, () -> policy.answer(whole));
        Question one = new Question(batch.slice(0, 1), true);
        List<Question> many = Collections.nCopies(rows, one);
        print("%d questions of one row".formatted(rows), count, () -> policy.answer(many));
        Question drawn =
            new Question(batch, false, new Question.Draw(1, 2), null, null, true, true);
        print("%d rows drawn, with values".formatted(rows), count, () -> policy.answer(drawn));
      }
    }
  }

  private static void print(String what, int count, Runnable call) {
    for (int i = 0; i < count / 2; i++) {
      call.run();
    }
    long[] nanos = new long[count];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      call.run();
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%-32s p50 %6.1f us  p99 %6.1f us%n",
        what,
        nanos[count / 2] / 1e3,
        nanos[count * 99 / 100] / 1e3);
  }
}
