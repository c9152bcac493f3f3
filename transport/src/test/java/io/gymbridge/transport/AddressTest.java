package io.gymbridge.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
  @ParameterizedTest
  @ValueSource(strings = {"unix:/tmp/x.sock", "localhost:50051", "[::1]:80", "10.0.0.1:0"})
  void text_survives(String text) {
    assertEquals(text, Address.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "localhost", ":80", "localhost:", "localhost:x", "h:65536", "unix:", "::1:80"})
  void malformed_text_is_refused(String text) {
    assertEquals(
        Kind.INVALID_ARGUMENT, assertThrows(GymException.class, () -> Address.parse(text)).kind());
  }

  @Test
  void path_that_is_too_long_is_refused() {
    assertThrows(GymException.class, () -> Address.parse("unix:/tmp/" + "x".repeat(100)));
  }

  @Test
  void shards_are_found_from_the_dialled_host() {
    Address dialled = Address.parse("example.org:50051");
    assertEquals(dialled, dialled.resolve(""));
    assertEquals(Address.parse("example.org:7"), dialled.resolve(":7"));
    assertEquals(Address.parse("unix:/tmp/x"), dialled.resolve("unix:/tmp/x"));
    assertEquals(Address.parse("[::1]:7"), Address.parse("[::1]:50051").resolve(":7"));
    assertThrows(GymException.class, () -> Address.parse("unix:/tmp/x").resolve(":7"));
  }
}
