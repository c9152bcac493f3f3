package io.gymbridge.server.rollout;

import io.gymbridge.core.Box;
import io.gymbridge.core.NdArray;
import io.gymbridge.proto.v1.RolloutResponse;
import java.nio.ByteBuffer;

/** A Gaussian for each component, from {@code mean} and {@code log_std}, then clipped. */
final class GaussianBlock extends DrawnBlock {
  private final Box box;
  private final double[] low;
  private final double[] high;
  private final double[] clipped;
  private final ByteBuffer samples;

  GaussianBlock(
      Outputs meanAndLogStd, Box box, int capacity, Draws draws, boolean withDistribution) {
    super(meanAndLogStd, 2, box, capacity, draws, withDistribution);
    this.box = box;
    low = box.low().toDoubles();
    high = box.high().toDoubles();
    clipped = new double[lanes * width];
    samples = memory(lanes * width * Float.BYTES);
  }

  @Override
  double standard(double uniform) {
    return Noise.normal(uniform);
  }

  @Override
  NdArray draw(int step, float[][] outputs, double[] noise, int first) {
    for (int lane = 0; lane < lanes; lane++) {
      double density = 0;
      for (int component = 0; component < width; component++) {
        int at = lane * width + component;
        double z = noise[first + at];
        double logStd = outputs[1][at];
        float sample = (float) (Noise.exp(logStd) * z + outputs[0][at]);
        samples.putFloat((step * lanes * width + at) * Float.BYTES, sample);
        clipped[at] = Math.min(Math.max(sample, low[component]), high[component]);
        density += (-0.5 * z * z - logStd) - Noise.LOG_SQRT_2_PI;
      }
      note(step, lane, density);
    }
    return NdArray.ofDoubles(box.dtype(), clipped, shape());
  }

  @Override
  public void fill(RolloutResponse.Builder response, int steps) {
    super.fill(response, steps);
    response.setSamples(rows(samples, capacity, steps));
  }
}
