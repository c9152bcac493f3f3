package io.gymbridge.cli.bridge;

/** A kind of system under test. */
enum Kind {
  /** One environment in a Python loop. */
  LOOP("loop", "loop"),
  /** As many Python loops at once as there are workers, a process each. */
  LOOPS("loops at once", "loops"),
  SYNC("SyncVectorEnv", "sync"),
  ASYNC("AsyncVectorEnv", "async"),
  /** The environment's own vector version: Gymnasium's CartPoleVectorEnv. */
  NUMPY("NumPy vector env", "numpy"),
  ENVPOOL("EnvPool", "envpool"),
  RLMESH("RLMesh", "rlmesh"),
  DM_ENV_RPC("dm_env_rpc", "dm_env_rpc"),
  /** The bridge: the client's language, then the server's. */
  JAVA_PYTHON("java-python", ""),
  /** The same, where no worker waits for others. */
  JAVA_ASYNC("java-python send/recv", ""),
  PYTHON_JAVA("python-java", "gymbridge"),
  PYTHON_PYTHON("python-python", "gymbridge");

  private final String label;
  private final String runnerKind;

  Kind(String label, String runnerKind) {
    this.label = label;
    this.runnerKind = runnerKind;
  }

  /** What the table calls it. */
  String label() {
    return label;
  }

  /** What {@code benchmarks/bridge/runner.py} calls it; empty for what runs in Java. */
  String runnerKind() {
    return runnerKind;
  }

  /** Whether it is somebody else's and has a virtual environment of its own. */
  boolean isPeer() {
    return this == ENVPOOL || this == RLMESH || this == DM_ENV_RPC;
  }

  /** Whether it is the bridge. */
  boolean isBridge() {
    return this == PYTHON_JAVA || isServedByPython();
  }

  /** Whether it is the bridge with environments in Python. */
  boolean isServedByPython() {
    return this == JAVA_PYTHON || this == JAVA_ASYNC || this == PYTHON_PYTHON;
  }

  /** Whether all of its environments step at once, those of Gymnasium, and in other processes. */
  boolean isRemote() {
    return this == JAVA_PYTHON || this == PYTHON_PYTHON || this == RLMESH || this == DM_ENV_RPC;
  }
}
