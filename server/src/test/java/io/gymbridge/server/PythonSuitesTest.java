package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.client.PythonServers;
import io.gymbridge.core.Env;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import io.gymbridge.envs.Envs;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.PolicyServerOptions;
import io.gymbridge.server.policy.PublishGate;
import io.gymbridge.server.policy.Repository;
import io.gymbridge.transport.ItemCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suites in {@code python-shim/java_server_tests}, run by Python against this server. */
class PythonSuitesTest {
  private static final int STEPS = 1000;

  @TempDir Path trajectories = Path.of("");
  @TempDir Path policies = Path.of("");

  @Test
  void python_finds_the_java_servers_to_be_as_it_wants_them() throws Exception {
    for (String id : Envs.ids()) {
      record(id);
    }
    TestBundles.times(1).write(policies.resolve("times").resolve("1.zip"));
    TestBundles.choices().write(policies.resolve("choices.zip"));
    TestBundles.recurrent().write(policies.resolve("lstm.zip"));
    Files.write(trajectories.resolve("two.zip"), TestBundles.times(2).toBytes());
    try (Served served =
            Served.of(
                ServeOptions.DEFAULTS.withMaxSessions(64).withAllowPolicies(true),
                Served.javaEnvironments());
        Repository repository = Repository.open(policies, PublishGate.OPEN);
        PolicyServer policyServer =
            PolicyServer.start(
                "127.0.0.1:0", repository, PolicyServerOptions.DEFAULTS.withAllowPublish(true))) {
      ProcessBuilder pytest =
          new ProcessBuilder(PythonServers.interpreter(), "-m", "pytest", "-q", "java_server_tests")
              .directory(PythonServers.home().resolve("python-shim").toFile())
              .redirectErrorStream(true);
      pytest.environment().put("GYMBRIDGE_JAVA_SERVER", served.address());
      pytest.environment().put("GYMBRIDGE_JAVA_POLICIES", policyServer.address());
      pytest.environment().put("GYMBRIDGE_TRAJECTORIES", trajectories.toString());
      Process process = pytest.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), output);
    }
  }

  /** Writes what an environment does in this process, for Python to compare: an ItemMap. */
  private void record(String id) throws IOException {
    List<Map<String, Object>> moments = new ArrayList<>();
    Random random = new Random(1);
    try (Env env = Envs.make(id)) {
      moments.add(begun(7, env.reset(7)));
      for (int i = 0; i < STEPS; i++) {
        Value action = env.spec().actionSpace().sample(random);
        Env.Step step = env.step(action);
        moments.add(
            Map.of(
                "action", action,
                "observation", parts(step.observation()),
                "reward", step.reward(),
                "ends", List.of(step.terminated(), step.truncated()),
                "info", step.info()));
        if (step.terminated() || step.truncated()) {
          moments.add(begun(i, env.reset(i)));
        }
      }
    }
    Files.write(
        trajectories.resolve(id.replace('/', '-')),
        ItemCodec.encode(Map.of("moments", moments), "moments").toByteArray());
  }

  private static Map<String, Object> begun(long seed, Env.Reset reset) {
    return Map.of("seed", seed, "observation", parts(reset.observation()), "info", reset.info());
  }

  /** The arrays of an observation. */
  private static List<Value> parts(Value observation) {
    return observation instanceof TupleValue tuple
        ? tuple.parts()
        : List.<Value>of((NdArray) observation);
  }
}
