package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The graph's own actions, in the type and shape of the space; also where other heads have them.
 */
final class PlainHead implements Head {
  private final Leaf leaf;
  private final @Nullable Rescaling rescaling;

  PlainHead(GraphPlan plan, Space actionSpace) {
    this.leaf = Leaf.of(actionSpace).get(0);
    this.rescaling = plan.signature().rescale() ? new Rescaling((Box) actionSpace) : null;
  }

  @Override
  public boolean stochastic() {
    return false;
  }

  @Override
  public int wanted(Question question) {
    return Role.ACTIONS.bit();
  }

  @Override
  public Decision decide(
      Runner run, int first, Question question, @Nullable RandomGenerator random) {
    if (question.logProbability()) {
      throw Head.noDistribution();
    }
    return new Decision(actions(run, first, question.size()), null);
  }

  int[] shape(int n) {
    int[] row = leaf.shape();
    int[] shape = new int[row.length + 1];
    shape[0] = n;
    System.arraycopy(row, 0, shape, 1, row.length);
    return shape;
  }

  NdArray actions(Runner run, int first, int n) {
    Memory memory = run.memory(Role.ACTIONS);
    DType from = memory.port().dtype();
    int size = memory.port().size();
    int[] shape = shape(n);
    if (from.isFloating()) {
      for (int i = 0; i < n * size; i++) {
        run.get(Role.ACTIONS, first + i / size, i % size, first);
      }
    }
    if (from == leaf.dtype() && rescaling == null) {
      return memory.copy(first, n, run.rows(), shape);
    }
    if (!from.isFloating()) {
      return memory.copy(first, n, run.rows(), shape).cast(leaf.dtype());
    }
    double[] values = new double[n * size];
    for (int i = 0; i < values.length; i++) {
      double value = run.get(Role.ACTIONS, first + i / size, i % size, first);
      values[i] =
          rescaling != null
              ? rescaling.action(value, i % size)
              : leaf.dtype().isFloating() ? value : Math.rint(value);
    }
    return NdArray.ofDoubles(leaf.dtype(), values, shape);
  }
}
