package io.gymbridge.benchmarks;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.BatchVectorEnv;
import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Environment steps a second of 64 lanes on one thread, with random actions and autoreset. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class VectorEnvBenchmark {
  private static final int LANES = 64;

  /** Batches of actions, drawn beforehand. */
  private static final int BATCHES = 1_024;

  /** Environment. */
  @Param({"CartPole-v1", "MountainCar-v0", "Pendulum-v1", "Acrobot-v1"})
  public String id = "";

  private final Value[] actions = new Value[BATCHES];
  private VectorEnv oneByOne = lanes();
  private VectorEnv copying = oneByOne;
  private VectorEnv reusing = oneByOne;
  private int next;

  private VectorEnv lanes() {
    String made = id.isEmpty() ? "CartPole-v1" : id;
    return new SyncVectorEnv(() -> Envs.make(made), LANES, AutoresetMode.NEXT_STEP);
  }

  private VectorEnv batch(boolean copy) {
    EnvBatch batch = Objects.requireNonNull(Envs.makeBatch(id, LANES, Map.of()));
    return new BatchVectorEnv(batch, AutoresetMode.NEXT_STEP, copy);
  }

  /** Makes the environments and the actions. */
  @Setup
  public void make() {
    oneByOne = lanes();
    copying = batch(true);
    reusing = batch(false);
    Stream.of(oneByOne, copying, reusing).forEach(env -> env.reset(1));
    Random random = new Random(1);
    for (int i = 0; i < BATCHES; i++) {
      actions[i] =
          Value.stack(
              Stream.generate(() -> oneByOne.spec().actionSpace().sample(random))
                  .limit(LANES)
                  .toList());
    }
  }

  private Value actions() {
    return actions[next++ & (BATCHES - 1)];
  }

  /** Single environments, one after the other. */
  @Benchmark
  @OperationsPerInvocation(LANES)
  public VectorEnv.Step sync() {
    return oneByOne.step(actions());
  }

  /** Lanes that move together; what is returned may be kept. */
  @Benchmark
  @OperationsPerInvocation(LANES)
  public VectorEnv.Step batch() {
    return copying.step(actions());
  }

  /** The same, into the same arrays every time. */
  @Benchmark
  @OperationsPerInvocation(LANES)
  public VectorEnv.Step batchWithoutCopying() {
    return reusing.step(actions());
  }
}
