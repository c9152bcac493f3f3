package io.gymbridge.server.rollout;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.proto.v1.RolloutResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A block with random numbers of its own, so many for each lane and step. */
abstract class DrawnBlock extends Block {
  /** Random numbers are made for so many steps at a time. */
  private static final int STRIDE = 16;

  /** Numbers of each output, and random ones, for one lane in one step. */
  final int width;

  private final Outputs policy;
  private final Draws draws;
  private final double[] noise;
  private final float[][] outputs;
  private final List<ByteBuffer> distribution = new ArrayList<>();
  private final ByteBuffer logProbabilities;

  /**
   * A block.
   *
   * @param count of the policy's outputs, as wide each as a member of the space is flat
   * @param withDistribution whether the outputs are kept for the response
   */
  DrawnBlock(
      Outputs policy, int count, Space space, int capacity, Draws draws, boolean withDistribution) {
    super(space, capacity, draws.lanes());
    this.policy = policy;
    this.draws = draws;
    this.width = space.flatSize();
    int numbers = Math.multiplyExact(lanes, width);
    noise = new double[Math.multiplyExact(Math.min(STRIDE, capacity), numbers)];
    outputs = new float[count][numbers];
    for (int i = 0; withDistribution && i < count; i++) {
      distribution.add(memory(numbers * Float.BYTES));
    }
    logProbabilities = memory(lanes * Double.BYTES);
  }

  @Override
  final NdArray choose(int step, NdArray observations) {
    policy.compute(observations, outputs);
    int numbers = lanes * width;
    for (int i = 0; i < distribution.size(); i++) {
      for (int at = 0; at < numbers; at++) {
        distribution.get(i).putFloat((step * numbers + at) * Float.BYTES, outputs[i][at]);
      }
    }
    if (step % STRIDE == 0) {
      int steps = Math.min(STRIDE, capacity - step);
      Noise.uniforms(
          draws.seed(), draws.firstLane(), lanes, draws.firstStep() + step, steps, width, noise);
      for (int at = 0; at < steps * numbers; at++) {
        noise[at] = standard(noise[at]);
      }
    }
    return draw(step, outputs, noise, step % STRIDE * numbers);
  }

  /** The distribution's standard number at this quantile. */
  abstract double standard(double uniform);

  /**
   * Draws a step's actions.
   *
   * @param noise the standard numbers of all lanes, from {@code first} on
   */
  abstract NdArray draw(int step, float[][] outputs, double[] noise, int first);

  /** Notes the logarithm of the probability, or density, of a lane's action. */
  final void note(int step, int lane, double logProbability) {
    logProbabilities.putDouble((step * lanes + lane) * Double.BYTES, logProbability);
  }

  @Override
  public void fill(RolloutResponse.Builder response, int steps) {
    super.fill(response, steps);
    response.setLogProbabilities(rows(logProbabilities, capacity, steps));
    for (ByteBuffer each : distribution) {
      response.addDistribution(rows(each, capacity, steps));
    }
  }
}
