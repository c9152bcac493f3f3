package io.gymbridge.cli;

import io.gymbridge.core.Space;
import io.gymbridge.learners.OnPolicy.Progress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What the progress line says after each update: return, loss, and the likeliest {@link Trouble}
 * once it has shown in {@value #PATIENCE} updates in a row. Not thread-safe.
 */
final class Diagnosis {
  /** Updates in a row, so that noise is not taken for trouble. */
  static final int PATIENCE = 5;

  private final int[] rows = new int[Trouble.ALL.size()];
  private final Set<Trouble> told = new HashSet<>();
  private final List<String> news = new ArrayList<>();
  private Trouble.Beginning beginning;
  private double meanReturn = Double.NaN;
  private double meanLength = Double.NaN;

  Diagnosis(Space actions) {
    beginning = new Trouble.Beginning(actions, Double.NaN, Double.NaN);
  }

  /** Takes an update into account and describes it. */
  String add(Progress update) {
    if (update.episodes() > 0) {
      meanReturn = update.meanReturn();
      meanLength = update.meanLength();
      if (Double.isNaN(beginning.meanReturn())) {
        beginning = new Trouble.Beginning(beginning.actions(), meanReturn, meanLength);
      }
    }
    // Where no episode has ended, the last ones that did still count.
    Progress now =
        new Progress(
            update.steps(),
            update.updates(),
            update.episodes(),
            meanReturn,
            meanLength,
            update.diagnostics(),
            update.discrimination());
    String text =
        String.format(
            Locale.ROOT, "return %.1f, loss %.3f", meanReturn, now.diagnostics().policyLoss());
    boolean named = false;
    for (int i = 0; i < rows.length; i++) {
      Trouble trouble = Trouble.ALL.get(i);
      rows[i] = trouble.shows().test(now, beginning) ? rows[i] + 1 : 0;
      if (rows[i] < PATIENCE) {
        continue;
      }
      if (!named) {
        text += ", " + trouble.in(now);
        named = true;
      }
      if (told.add(trouble)) {
        news.add("  %s: %s".formatted(trouble.in(now), trouble.advice()));
      }
    }
    return text;
  }

  /** Lines of advice, each said once in a training: those that are new since the last call. */
  List<String> news() {
    List<String> taken = List.copyOf(news);
    news.clear();
    return taken;
  }
}
