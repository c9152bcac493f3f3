package io.gymbridge.core;

import java.nio.charset.StandardCharsets;

/**
 * An element of a {@link Text} space.
 *
 * @param text any string without unpaired surrogates, which have no UTF-8
 */
public record TextValue(String text) implements Value {
  public TextValue {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException("a text with an unpaired surrogate: it has no UTF-8");
    }
  }
}
