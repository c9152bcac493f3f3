package io.gymbridge.client;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Python servers of the Python tests' environments. */
final class TestServers {
  private static final Path ROOT = Path.of(System.getProperty("gymbridge.root", ".."));
  private static final Map<String, String> ENVIRONMENT =
      Map.of("PYTHONPATH", ROOT.resolve("python-shim").resolve("tests").toString());

  private TestServers() {}

  /** Serves environments: Gymnasium's ids, and names of {@code envs_for_tests.py} after a colon. */
  static ManagedServer serve(int workers, String... ids) {
    return serve(workers, List.of(), ids);
  }

  static ManagedServer serve(int workers, List<String> more, String... ids) {
    List<String> envIds =
        List.of(ids).stream().map(id -> id.startsWith(":") ? "envs_for_tests" + id : id).toList();
    return PythonServers.serveEnv(envIds, 1, workers, more, ENVIRONMENT);
  }
}
