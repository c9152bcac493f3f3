package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.math.BigInteger;
import java.util.Comparator;
import java.util.regex.Pattern;

/** Names of policies, versions and labels, which are names of files as well. */
final class Names {
  private static final Pattern GOOD = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  /** Numbers by their value and before all others; these by their characters. */
  static final Comparator<String> OLDEST_FIRST =
      Comparator.<String, Boolean>comparing(name -> !isNumber(name))
          .thenComparing(name -> isNumber(name) ? new BigInteger(name) : BigInteger.ZERO)
          .thenComparing(Comparator.naturalOrder());

  private Names() {}

  /** Refuses what could be a path, or nothing. */
  static String check(String what, String name) {
    if (!GOOD.matcher(name).matches()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got the %s \"%s\", expected 1 … 100 letters, digits, '.', '_' and '-', and no '.' at the beginning"
              .formatted(what, name));
    }
    return name;
  }

  static boolean isGood(String name) {
    return GOOD.matcher(name).matches();
  }

  static boolean isNumber(String name) {
    return NUMBER.matcher(name).matches();
  }
}
