package io.gymbridge.policies;

import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One choice per component, from groups of logits (or of values) one after the other. */
final class CategoricalHead implements Head {
  private final Role role;
  private final int[] choices;
  private final long[] starts;
  private final DType dtype;
  private final PlainHead plain;
  private final boolean actions;
  private final int total;

  CategoricalHead(GraphPlan plan, Space space) {
    this.role = plan.roles().containsKey(Role.LOGITS) ? Role.LOGITS : Role.Q_VALUES;
    this.plain = new PlainHead(plan, space);
    this.actions = plan.roles().containsKey(Role.ACTIONS);
    if (space instanceof Discrete discrete) {
      choices = new int[] {Math.toIntExact(discrete.n())};
      starts = new long[] {discrete.start()};
      dtype = discrete.dtype();
    } else {
      MultiDiscrete multi = (MultiDiscrete) space;
      choices = Arrays.stream(multi.nvec().toLongs()).mapToInt(Math::toIntExact).toArray();
      starts = multi.start().toLongs();
      dtype = multi.dtype();
    }
    total = Arrays.stream(choices).sum();
  }

  static boolean suits(Space space) {
    return space instanceof Discrete || space instanceof MultiDiscrete;
  }

  @Override
  public boolean stochastic() {
    return role == Role.LOGITS;
  }

  @Override
  public boolean masks() {
    return true;
  }

  @Override
  public int wanted(Question question) {
    boolean graphs = actions && question.mask() == null;
    if (graphs && (question.deterministic() || !stochastic())) {
      return Role.ACTIONS.bit() | (question.logProbability() ? role.bit() : 0);
    }
    return role.bit();
  }

  @Override
  public Decision decide(
      Runner run, int first, Question question, @Nullable RandomGenerator random) {
    if (question.logProbability() && !stochastic()) {
      throw Head.noDistribution();
    }
    int n = question.size();
    NdArray mask = question.mask();
    checkMask(mask, n);
    NdArray given = random == null && actions && mask == null ? plain.actions(run, first, n) : null;
    double[] logProbabilities = question.logProbability() ? new double[n] : null;
    if (given != null && logProbabilities == null) {
      return new Decision(given, null);
    }
    long[] values = new long[n * choices.length];
    double[] logits = new double[total];
    for (int row = 0; row < n; row++) {
      read(run, first, row, mask, logits);
      int group = 0;
      for (int c = 0; c < choices.length; c++) {
        int i = row * choices.length + c;
        int chosen =
            given != null
                ? graphs(given.getLong(i) - starts[c], c)
                : random == null
                    ? best(logits, group, choices[c])
                    : draw(logits, group, choices[c], random);
        values[i] = starts[c] + chosen;
        if (logProbabilities != null) {
          logProbabilities[row] += logProbability(logits, group, choices[c], chosen, row);
        }
        group += choices[c];
      }
    }
    return new Decision(
        given != null ? given : NdArray.ofLongs(dtype, values, plain.shape(n)), logProbabilities);
  }

  /** Throws where a mask does not fit, or leaves nothing to choose. */
  private void checkMask(@Nullable NdArray mask, int n) {
    if (mask == null) {
      return;
    }
    if (mask.dtype() != DType.INT8 || !Arrays.equals(mask.shape(), new int[] {n, total})) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got the action mask %s, expected int8[%d, %d]".formatted(mask, n, total));
    }
    for (int row = 0; row < n; row++) {
      int at = row * total;
      for (int c = 0; c < choices.length; c++) {
        boolean some = false;
        for (int end = at + choices[c]; at < end; at++) {
          long allowed = mask.getLong(at);
          if (allowed != 0 && allowed != 1) {
            throw new GymException(
                Kind.INVALID_ARGUMENT,
                "the action mask of row %d has a %d, expected zeros and ones"
                    .formatted(row, allowed));
          }
          some |= allowed == 1;
        }
        if (!some) {
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              "the action mask of row %d allows none of the %d choices of component %d"
                  .formatted(row, choices[c], c));
        }
      }
    }
  }

  /** A row's logits; minus infinity for what the mask excludes. */
  private void read(Runner run, int first, int row, @Nullable NdArray mask, double[] logits) {
    for (int j = 0; j < total; j++) {
      double logit = run.get(role, first + row, j, first);
      boolean allowed = mask == null || mask.getLong(row * total + j) == 1;
      // What is allowed is never as unlikely as what is not.
      logits[j] = allowed ? Math.max(logit, -Double.MAX_VALUE) : Double.NEGATIVE_INFINITY;
    }
  }

  private int graphs(long choice, int component) {
    if (choice < 0 || choice >= choices[component]) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the graph chose %d of %d choices".formatted(choice, choices[component]));
    }
    return (int) choice;
  }

  private static int best(double[] logits, int first, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (logits[first + i] > logits[first + best]) {
        best = i;
      }
    }
    return best;
  }

  private static int draw(double[] logits, int first, int count, RandomGenerator random) {
    double highest = logits[first + best(logits, first, count)];
    double left = random.nextDouble() * sum(logits, first, count, highest);
    int last = 0;
    for (int i = 0; i < count; i++) {
      if (logits[first + i] == Double.NEGATIVE_INFINITY) {
        continue;
      }
      last = i;
      left -= Math.exp(logits[first + i] - highest);
      if (left < 0) {
        return i;
      }
    }
    return last;
  }

  private static double sum(double[] logits, int first, int count, double highest) {
    double sum = 0;
    for (int i = first; i < first + count; i++) {
      sum += Math.exp(logits[i] - highest);
    }
    return sum;
  }

  private static double logProbability(double[] logits, int first, int count, int chosen, int row) {
    double highest = logits[first + best(logits, first, count)];
    double result = logits[first + chosen] - highest - Math.log(sum(logits, first, count, highest));
    if (Double.isNaN(result)) {
      throw Runner.nan(Role.LOGITS.jsonName(), row);
    }
    return result;
  }
}
