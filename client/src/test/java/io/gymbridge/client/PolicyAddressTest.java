package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.GymException;
import io.gymbridge.transport.Address;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyAddressTest {
  private static void assertParsed(String address, String name, String text) {
    assertEquals(
        new PolicyAddress(List.of(Address.parse(address)), name), PolicyAddress.parse(text));
  }

  @Test
  void several_servers_have_commas_between_them() {
    assertEquals(
        new PolicyAddress(List.of(Address.parse("a:1"), Address.parse("b:2")), "walker"),
        PolicyAddress.parse("a:1,b:2/walker"));
    for (String wrong : List.of("a:1,/walker", "a:1,b/walker", "a:1,unix:b")) {
      assertThrows(GymException.class, () -> PolicyAddress.parse(wrong), wrong);
    }
  }

  @Test
  void name_follows_the_port() {
    assertParsed("localhost:80", "", "localhost:80");
    assertParsed("localhost:80", "walker", "localhost:80/walker");
    assertThrows(GymException.class, () -> PolicyAddress.parse("localhost:80/"));
  }

  @Test
  void name_follows_a_socket_that_exists(@TempDir Path directory) throws IOException {
    Path socket = Files.createFile(directory.resolve("policies"));
    assertParsed("unix:" + socket, "", "unix:" + socket);
    assertParsed("unix:" + socket, "walker", "unix:" + socket + "/walker");
  }

  @Test
  void name_follows_the_suffix_of_a_socket_that_does_not_exist() {
    assertParsed("unix:/nowhere/p.sock", "", "unix:/nowhere/p.sock");
    assertParsed("unix:/nowhere/p.sock", "walker", "unix:/nowhere/p.sock/walker");
    assertParsed("unix:/nowhere/p", "", "unix:/nowhere/p");
  }
}
