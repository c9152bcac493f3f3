package io.gymbridge.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IntervalTest {
  @Test
  void median_is_the_middle_and_lies_between_its_bounds() {
    Interval odd = Interval.median(new double[] {5, 1, 3});
    assertEquals(3, odd.value());
    assertEquals(1, odd.low());
    assertEquals(5, odd.high());
    assertEquals(2.5, Interval.median(new double[] {1, 2, 3, 4}).value());
  }

  @Test
  void one_repetition_has_no_width() {
    assertEquals(new Interval(7, 7, 7), Interval.median(new double[] {7}));
  }

  @Test
  void ratio_is_of_repetitions_that_belong_together() {
    // The machine halves its speed each time, and the quotient is 2 all the same.
    Interval ratio = Interval.ratio(new double[] {800, 400, 200}, new double[] {400, 200, 100});
    assertEquals(new Interval(2, 2, 2), ratio);
  }

  @Test
  void ninety_five_percent_intervals_cover_the_median_about_that_often() {
    SplittableRandom random = new SplittableRandom(0);
    long covered =
        Stream.generate(() -> DoubleStream.generate(random::nextGaussian).limit(21).toArray())
            .limit(200)
            .map(Interval::median)
            .filter(interval -> interval.low() <= 0 && 0 <= interval.high())
            .count();
    assertTrue(covered >= 180, () -> "covered by %d of 200".formatted(covered));
  }

  @Test
  void the_same_repetitions_give_the_same_bounds() {
    double[] values = {3, 1, 4, 1, 5, 9, 2, 6};
    assertEquals(Interval.median(values), Interval.median(values));
  }
}
