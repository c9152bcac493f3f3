package io.gymbridge.server.rollout;

import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.Arrays;

/**
 * One choice for each component, from {@code logits}: the one with the greatest sum of its logit
 * and a Gumbel number.
 */
final class CategoricalBlock extends DrawnBlock {
  private final DType dtype;
  private final int[] counts;
  private final long[] starts;
  private final long[] chosen;

  CategoricalBlock(
      Outputs logits, Space space, int capacity, Draws draws, boolean withDistribution) {
    super(logits, 1, space, capacity, draws, withDistribution);
    if (space instanceof Discrete discrete) {
      dtype = discrete.dtype();
      counts = new int[] {Math.toIntExact(discrete.n())};
      starts = new long[] {discrete.start()};
    } else {
      MultiDiscrete multi = (MultiDiscrete) space;
      dtype = multi.dtype();
      counts = Arrays.stream(multi.nvec().toLongs()).mapToInt(Math::toIntExact).toArray();
      starts = multi.start().toLongs();
    }
    chosen = new long[lanes * counts.length];
  }

  @Override
  double standard(double uniform) {
    return Noise.gumbel(uniform);
  }

  @Override
  NdArray draw(int step, float[][] outputs, double[] noise, int first) {
    float[] logits = outputs[0];
    for (int lane = 0; lane < lanes; lane++) {
      double probability = 0;
      int begin = lane * width;
      for (int component = 0; component < counts.length; component++) {
        int end = begin + counts[component];
        int best = begin;
        float highest = logits[begin];
        for (int at = begin + 1; at < end; at++) {
          if (noise[first + at] + logits[at] > noise[first + best] + logits[best]) {
            best = at;
          }
          highest = Math.max(highest, logits[at]);
        }
        double mass = 0;
        for (int at = begin; at < end; at++) {
          mass += Noise.exp((double) logits[at] - highest);
        }
        probability += ((double) logits[best] - highest) - Noise.log(mass);
        chosen[lane * counts.length + component] = starts[component] + best - begin;
        begin = end;
      }
      note(step, lane, probability);
    }
    return NdArray.ofLongs(dtype, chosen, shape());
  }
}
