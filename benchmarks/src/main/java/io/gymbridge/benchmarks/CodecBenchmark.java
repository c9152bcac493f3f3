package io.gymbridge.benchmarks;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.transport.ValueCodec;
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

/** What one batch of HalfCheetah's observations costs to write, and to read into floats. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {
  /** Lanes. */
  @Param({"1", "16", "64"})
  public int numEnvs;

  private final Box space =
      Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 17);
  private final ValueCodec codec = new ValueCodec(space);
  private NdArray observations = NdArray.of(new double[17], 1, 17);
  private Buffers encoded = Buffers.getDefaultInstance();

  /** Makes a batch and its bytes. */
  @Setup
  public void make() {
    observations = NdArray.of(new double[17 * numEnvs], numEnvs, 17);
    encoded = codec.encode(observations, numEnvs, "observations");
  }

  /** Domain to protobuf. */
  @Benchmark
  public Buffers encode() {
    return codec.encode(observations, numEnvs, "observations");
  }

  /** Protobuf to domain: a view. */
  @Benchmark
  public Value decode() {
    return codec.decode(encoded, numEnvs, "observations");
  }

  /** Protobuf to what a network reads. */
  @Benchmark
  public float[] decodeToFloats() {
    return codec.decode(encoded, numEnvs, "observations").array().toFloats();
  }
}
