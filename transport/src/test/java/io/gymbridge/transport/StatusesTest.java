package io.gymbridge.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.grpc.Status;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatusesTest {
  @ParameterizedTest
  @EnumSource(Kind.class)
  void kind_and_message_survive_both_ways(Kind kind) {
    GymException failure = new GymException(kind, "what happened");
    GymException inStream = Statuses.decode(Statuses.encode(failure));
    assertEquals(kind, inStream.kind());
    assertEquals("what happened", inStream.getMessage());
    GymException ofCall = Statuses.decode(Statuses.toException(failure));
    assertEquals(kind, ofCall.kind());
    assertEquals("what happened", ofCall.getMessage());
  }

  @ParameterizedTest
  @EnumSource(Status.Code.class)
  void every_code_has_a_kind(Status.Code code) {
    assertEquals(Statuses.kind(code), Statuses.decode(code.toStatus().asRuntimeException()).kind());
  }

  @Test
  void traceback_travels_apart_from_the_message() {
    GymException failure = Statuses.raised("the policy x", new IllegalStateException("broken"));
    var status = Statuses.encode(failure);
    assertEquals(
        "the policy x raised java.lang.IllegalStateException: broken", status.getMessage());
    GymException received = Statuses.decode(status);
    assertEquals(Kind.ENVIRONMENT, received.kind());
    assertTrue(received.traceback().orElseThrow().contains("StatusesTest"));
    assertTrue(received.getMessage().contains("StatusesTest"));
  }

  @Test
  void end_of_a_call_fits_into_8_kib_of_trailers() {
    GymException failure =
        new GymException(
            Kind.ENVIRONMENT, "é".repeat(9_000), "at x.Y.z(Y.java:1)\n".repeat(999), null);
    var end = Statuses.toException(failure);
    Metadata trailers = end.getTrailers();
    assertNotNull(trailers);
    int bytes = 9 * String.valueOf(end.getStatus().getDescription()).length();
    for (byte[] part : InternalMetadata.serialize(trailers)) {
      bytes += part.length * 4 / 3;
    }
    assertTrue(bytes < 8192 - 500, "takes " + bytes);
    GymException received = Statuses.decode(end);
    assertTrue(received.getMessage().startsWith("ééé"));
    assertTrue(received.traceback().orElseThrow().startsWith("at x.Y.z(Y.java:1)\nat"));
    assertEquals(9_000, Statuses.encode(failure).getMessage().length());
  }

  @Test
  void defect_is_internal() {
    assertEquals(
        Kind.INTERNAL, Statuses.decode(Statuses.encode(new NullPointerException())).kind());
  }
}
