package io.gymbridge.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.sun.management.ThreadMXBean;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.envs.Envs;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.transport.ValueCodec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures what the server does with a step but for the transport. A program rather than a test:
 * {@code AnswerProfile ENV_ID NUM_ENVS STEPS}.
 */
final class AnswerProfile {
  private static final int BATCHES = 256;

  private AnswerProfile() {}

  public static void main(String[] arguments) throws IOException {
    String id = arguments[0];
    int numEnvs = Integer.parseInt(arguments[1]);
    int steps = Integer.parseInt(arguments[2]);
    EnvBatch batch = Envs.makeBatch(id, numEnvs, Map.of());
    for (int round = 0; round < 2; round++) {
      Lanes single =
          new Lanes(
              IntStream.range(0, numEnvs).<Env>mapToObj(lane -> Envs.make(id)).toList(),
              AutoresetMode.NEXT_STEP,
              InfoMode.INFO_MODE_ALL,
              0);
      measure("one by one", single, steps);
      if (batch != null) {
        Lanes together = new Lanes(batch, AutoresetMode.NEXT_STEP, InfoMode.INFO_MODE_ALL, 0);
        measure("together", together, steps);
      }
    }
  }

  private static void measure(String what, Lanes lanes, int steps) throws IOException {
    Answers answers = new Answers(lanes, "", List.of(), StateKey.random(), null);
    ByteString[] actions = actions(lanes);
    answers.answer(
        InteractRequest.newBuilder()
            .setSequence(1)
            .setReset(ResetRequest.getDefaultInstance())
            .build(),
        System.nanoTime());
    byte[] wire = new byte[1 << 20];
    long[] inside = new long[steps];
    long[] around = new long[steps];
    long[] writing = new long[steps];
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = 0;
    for (int i = 0; i < steps; i++) {
      if (i == steps / 2) {
        allocated = threads.getCurrentThreadAllocatedBytes();
      }
      InteractRequest request =
          InteractRequest.newBuilder()
              .setSequence(i + 2)
              .setAcknowledged(i + 1)
              .setStep(StepRequest.parseFrom(actions[i % BATCHES]))
              .build();
      long started = System.nanoTime();
      InteractResponse response = answers.answer(request, started);
      long answered = System.nanoTime();
      response.writeTo(CodedOutputStream.newInstance(wire));
      writing[i] = System.nanoTime() - answered;
      inside[i] = lanes.nanos();
      around[i] = answered - started - inside[i];
    }
    allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
    System.out.printf(
        "%-10s p50: environment %.2f µs, answer around it %.2f µs, writing %.2f µs; %d bytes%n",
        what,
        median(inside) / 1e3,
        median(around) / 1e3,
        median(writing) / 1e3,
        allocated / (steps - steps / 2));
  }

  /** Of the second half: the first is for warming up. */
  private static long median(long[] nanos) {
    long[] sorted = Arrays.copyOfRange(nanos, nanos.length / 2, nanos.length);
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static ByteString[] actions(Lanes lanes) {
    Space space = lanes.spec().actionSpace();
    ValueCodec codec = new ValueCodec(space);
    Random random = new Random(1);
    ByteString[] actions = new ByteString[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
      NdArray batch =
          Value.stack(Stream.generate(() -> space.sample(random)).limit(lanes.numEnvs()).toList())
              .array();
      actions[i] =
          StepRequest.newBuilder()
              .setActions(codec.encode(batch, lanes.numEnvs(), "actions"))
              .build()
              .toByteString();
    }
    return actions;
  }
}
