package io.gymbridge.cli;

import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Policy;
import io.gymbridge.policies.PolicyBundle;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens what {@code --policy} and {@code --expert} name. */
final class Policies {
  private Policies() {}

  /** A bundle's file, or {@code ADDRESS[/NAME]}. */
  static Policy open(String what, long seed, CredentialOptions credentials) {
    if (what.endsWith(".zip") || Files.isRegularFile(Path.of(what))) {
      return PolicyBundle.read(Path.of(what)).policy(seed);
    }
    return RemotePolicy.connect(what, credentials.credentials());
  }

  /** Refuses a policy made for other spaces, before any episode is played. */
  static void checkFits(Policy policy, EnvSpec spec) {
    check("observations", policy.observationSpace(), spec.observationSpace(), spec);
    check("actions", policy.actionSpace(), spec.actionSpace(), spec);
  }

  private static void check(String what, Object policys, Object environments, EnvSpec spec) {
    if (!policys.equals(environments)) {
      throw new UserError(
          "the policy's %s are %s, but those of %s are %s: it was made for another environment"
              .formatted(what, policys, spec.id(), environments));
    }
  }
}
