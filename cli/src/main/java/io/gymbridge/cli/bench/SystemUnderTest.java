package io.gymbridge.cli.bench;

import java.util.Map;

/** What is measured: opened once, run several times, closed. */
public interface SystemUnderTest extends AutoCloseable {
  /**
   * Runs for so long, after some time to warm up.
   *
   * @return figures by their names
   * @throws io.gymbridge.core.GymException where it fails
   */
  Map<String, Double> run(double seconds);

  @Override
  void close();
}
