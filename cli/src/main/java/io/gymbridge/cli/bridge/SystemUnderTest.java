package io.gymbridge.cli.bridge;

import java.util.Map;

/** What steps the environments of a {@link Cell}: opened once, measured several times, closed. */
public interface SystemUnderTest extends AutoCloseable {
  /**
   * Steps for so long.
   *
   * @return {@code steps_per_second} (environments × calls / time); in µs {@code call_us_p50} and
   *     {@code call_us_p99}; and, where the system knows them, {@code environment_us_p50} (of a
   *     call, inside the environments), {@code overhead_us_p50} and {@code overhead_us_p99} (the
   *     call's rest)
   * @throws io.gymbridge.core.GymException where it fails
   */
  Map<String, Double> run(double seconds);

  @Override
  void close();
}
