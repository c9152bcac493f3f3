package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.policies.TestBundles;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsEndpointTest {
  @TempDir private Path folder = Path.of("");

  private static String scrape(MetricsEndpoint metrics) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + metrics.address() + "/metrics")).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private static void assertHas(String page, String line) {
    assertTrue(page.lines().anyMatch(line::equals), () -> line + " is not in\n" + page);
  }

  @Test
  void what_was_asked_of_each_version_is_scraped_over_http() throws Exception {
    Path policies = Files.createDirectories(folder.resolve("all/twice"));
    TestBundles.times(2).write(policies.resolve("1.zip"));
    Files.writeString(policies.resolve("2.zip"), "no bundle");
    try (Repository repository = Repository.open(folder.resolve("all"), PublishGate.OPEN);
        PolicyServer server =
            PolicyServer.start(
                "unix:" + folder.resolve("p.sock"), repository, PolicyServerOptions.DEFAULTS);
        MetricsEndpoint metrics = MetricsEndpoint.start("127.0.0.1:0", server, false)) {
      try (RemotePolicy policy = RemotePolicy.connect(server.address())) {
        for (int i = 0; i < 5; i++) {
          policy.act(NdArray.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2), true);
        }
        NdArray nan = NdArray.of(new float[] {Float.NaN, 1}, 1, 2);
        assertThrows(GymException.class, () -> policy.act(nan, true));
      }
      String page = scrape(metrics);
      String requests =
          "gymbridge_policy_requests_total{policy=\"twice\",status=\"%s\",version=\"1\"} %d.0";
      String of = "{policy=\"twice\",version=\"1\"";
      assertHas(page, requests.formatted("OK", 5));
      assertHas(page, requests.formatted("INVALID_ARGUMENT", 1));
      assertHas(page, "gymbridge_policy_rows_total" + of + "} 15.0");
      assertHas(page, "gymbridge_policy_batches_total" + of + "} 5.0");
      assertHas(page, "gymbridge_policy_compute_seconds_count" + of + "} 5");
      assertHas(page, "gymbridge_policy_request_seconds_bucket" + of + ",le=\"+Inf\"} 5");
      assertHas(page, "gymbridge_policy_versions{policy=\"twice\",state=\"in_service\"} 1.0");
      assertHas(page, "gymbridge_policy_versions{policy=\"twice\",state=\"refused\"} 1.0");
      assertHas(page, "gymbridge_waiting_rows 0.0");
      assertTrue(page.contains("jvm_memory_used_bytes{area=\"heap\"}"), page);
      assertFalse(page.contains("version=\"2\""), page);
    }
  }

  @Test
  void other_machines_may_ask_only_when_told_so() {
    try (PolicyServer server =
        PolicyServer.start(
            "unix:" + folder.resolve("p.sock"),
            List.of(),
            io.gymbridge.transport.ServerSecurity.LOCAL)) {
      GymException refusal =
          assertThrows(GymException.class, () -> MetricsEndpoint.start("0.0.0.0:0", server, false));
      assertEquals(Kind.PERMISSION_DENIED, refusal.kind());
      MetricsEndpoint.start("0.0.0.0:0", server, true).close();
    }
  }

  @Test
  void refusals_are_summed_up_once() {
    try (Catalogue catalogue =
            Catalogue.of(List.of(new ServedPolicy("twice", "1", TestBundles.times(2).policy(0))));
        Refusals refusals = new Refusals(new Catalogue())) {
      Refusals ours = new Refusals(catalogue);
      Version version = catalogue.find("twice").pick("");
      version.release();
      assertTrue(refusals.look().isEmpty());
      ours.close();
      version.tally().refused(Kind.RESOURCE_EXHAUSTED);
      version.tally().refused(Kind.RESOURCE_EXHAUSTED);
      assertEquals("2 RESOURCE_EXHAUSTED", ours.look().get(version));
      assertTrue(ours.look().isEmpty());
    }
  }

  @Test
  void durations_are_counted_up_to_and_with_their_bound() {
    DurationHistogram durations = new DurationHistogram();
    for (long nanos : new long[] {0, 16_000, 16_001, 32_000, 60_000_000_000L}) {
      durations.add(nanos);
    }
    long[] counts = durations.counts();
    assertEquals(List.of(2L, 2L), List.of(counts[0], counts[1]));
    assertEquals(1, counts[counts.length - 1]);
    assertEquals(5, Arrays.stream(counts).sum());
    assertEquals(16e-6, DurationHistogram.bounds()[0]);
    assertEquals(60_000_064_001L, durations.nanos());
  }
}
