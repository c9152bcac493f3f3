package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A Gaussian for each component of a Box; of the mean alone, its mean. */
final class GaussianHead implements Head {
  private static final double HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

  private final Box box;
  private final PlainHead plain;
  private final boolean actions;
  private final boolean stochastic;
  private final @Nullable Rescaling rescaling;

  GaussianHead(GraphPlan plan, Box box) {
    this.box = box;
    this.plain = new PlainHead(plan, box);
    this.actions = plan.roles().containsKey(Role.ACTIONS);
    this.stochastic = plan.roles().containsKey(Role.LOG_STD);
    this.rescaling = plan.signature().rescale() ? new Rescaling(box) : null;
  }

  @Override
  public boolean stochastic() {
    return stochastic;
  }

  @Override
  public int wanted(Question question) {
    boolean drawn = stochastic && !question.deterministic();
    int parameters = drawn || !actions ? Role.MEAN.bit() : Role.ACTIONS.bit();
    boolean spread = drawn || (stochastic && question.logProbability());
    return parameters | (spread ? Role.LOG_STD.bit() : 0);
  }

  @Override
  public Decision decide(
      Runner run, int first, Question question, @Nullable RandomGenerator random) {
    if (question.logProbability() && !stochastic) {
      throw Head.noDistribution();
    }
    int n = question.size();
    int size = box.flatSize();
    double[] logProbabilities = question.logProbability() ? new double[n] : null;
    double[] values = new double[random == null && actions ? 0 : n * size];
    for (int i = 0; i < n * size; i++) {
      int row = first + i / size;
      int component = i % size;
      double z = random == null ? 0 : random.nextGaussian();
      double logStd =
          random == null && logProbabilities == null ? 0 : logStd(run, row, component, first);
      if (values.length > 0) {
        double mean = run.get(Role.MEAN, row, component, first);
        double centre = rescaling == null ? mean : rescaling.action(mean, component);
        values[i] = random == null ? centre : centre + Math.exp(logStd) * z;
      }
      if (logProbabilities != null) {
        logProbabilities[i / size] += -0.5 * z * z - logStd - HALF_LOG_TWO_PI;
      }
    }
    return new Decision(
        values.length == 0 ? plain.actions(run, first, n) : array(values, n), logProbabilities);
  }

  private double logStd(Runner run, int row, int component, int first) {
    double logStd = run.get(Role.LOG_STD, row, component, first);
    return rescaling == null ? logStd : rescaling.logStd(logStd, component);
  }

  private NdArray array(double[] values, int n) {
    if (box.dtype().isFloating()) {
      return NdArray.ofDoubles(box.dtype(), values, plain.shape(n));
    }
    // Numbers beyond an integer type's range would wrap around.
    return box.clip(NdArray.ofDoubles(DType.FLOAT64, values, n, box.flatSize()));
  }
}
