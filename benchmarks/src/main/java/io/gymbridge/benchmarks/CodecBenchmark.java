package io.gymbridge.benchmarks;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.ValueCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the parts of one step of a batch cost to write and to read. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {
  /** What is stepped, and how many. */
  public enum Batch {
    /** Four float32 numbers, Discrete actions, no infos. */
    CART_POLE_64(
        64,
        Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 4),
        new Discrete(2),
        List.of()),
    /** 17 float64 numbers, 6 float32 numbers as actions, four numbers as infos. */
    HALF_CHEETAH_16(
        16,
        Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 17),
        Box.of(DType.FLOAT32, -1, 1, 6),
        List.of("x_position", "x_velocity", "reward_forward", "reward_ctrl")),
    /** Pictures of 100,800 bytes. */
    SCREEN_16(16, Box.of(DType.UINT8, 0, 255, 210, 160, 3), new Discrete(18), List.of());

    private final int numEnvs;
    private final Space observations;
    private final Space actions;
    private final List<String> infos;

    Batch(int numEnvs, Space observations, Space actions, List<String> infos) {
      this.numEnvs = numEnvs;
      this.observations = observations;
      this.actions = actions;
      this.infos = infos;
    }

    private Value sample(Space space) {
      SplittableRandom random = new SplittableRandom(0);
      List<Value> rows = new ArrayList<>();
      for (int lane = 0; lane < numEnvs; lane++) {
        rows.add(space.sample(random));
      }
      return Value.stack(rows);
    }

    /** In Gymnasium's vector form: float64 (N), and which lanes have it. */
    private Map<String, Object> sampleInfos() {
      double[] all = new double[numEnvs];
      Arrays.fill(all, 1);
      Map<String, Object> sampled = new LinkedHashMap<>();
      for (String name : infos) {
        sampled.put(name, NdArray.of(new double[numEnvs], numEnvs));
        sampled.put("_" + name, NdArray.ofDoubles(DType.BOOL, all, numEnvs));
      }
      return sampled;
    }
  }

  /** What is stepped. */
  @Param public Batch batch = Batch.CART_POLE_64;

  private ValueCodec observationCodec = new ValueCodec(batch.observations);
  private ValueCodec actionCodec = new ValueCodec(batch.actions);
  private Value observations = batch.sample(batch.observations);
  private Value actions = batch.sample(batch.actions);
  private Map<String, Object> infos = Map.of();
  private Buffers encodedObservations = Buffers.getDefaultInstance();
  private Buffers encodedActions = Buffers.getDefaultInstance();
  private ItemMap encodedInfos = ItemMap.getDefaultInstance();

  /** Makes a batch and its bytes. */
  @Setup
  public void make() {
    observationCodec = new ValueCodec(batch.observations);
    actionCodec = new ValueCodec(batch.actions);
    observations = batch.sample(batch.observations);
    actions = batch.sample(batch.actions);
    infos = batch.sampleInfos();
    encodedObservations = encodeObservations();
    encodedActions = encodeActions();
    encodedInfos = encodeInfos();
  }

  /** What a client does before each step. */
  @Benchmark
  public Buffers encodeActions() {
    return actionCodec.encode(actions, batch.numEnvs, "actions");
  }

  /** What a server does before each step. */
  @Benchmark
  public Value decodeActions() {
    return actionCodec.decode(encodedActions, batch.numEnvs, "actions");
  }

  /** What a server does after each step. */
  @Benchmark
  public Buffers encodeObservations() {
    return observationCodec.encode(observations, batch.numEnvs, "observations");
  }

  /** What a client does after each step: a view. */
  @Benchmark
  public Value decodeObservations() {
    return observationCodec.decode(encodedObservations, batch.numEnvs, "observations");
  }

  /** The same and what a network reads. */
  @Benchmark
  public float[] decodeObservationsToFloats() {
    return decodeObservations().array().toFloats();
  }

  /** What a server does with infos. */
  @Benchmark
  public ItemMap encodeInfos() {
    return ItemCodec.encode(infos, "infos");
  }

  /** What a client does with infos. */
  @Benchmark
  public Map<String, Object> decodeInfos() {
    return ItemCodec.decode(encodedInfos, "infos");
  }
}
