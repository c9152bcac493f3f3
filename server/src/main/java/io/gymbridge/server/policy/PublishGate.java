package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.Policy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A trial that a version has to pass before it goes into service, beside that of its golden
 * observations. Called by one thread at a time, which may take its time.
 */
public interface PublishGate {
  /** Lets all pass. */
  PublishGate OPEN = (name, candidate, inService) -> List.of();

  /**
   * Tries a version.
   *
   * @param name of the policy
   * @param candidate the version that wants to go into service
   * @param inService the version that it would replace; null for none
   * @return what was found, for people
   * @throws GymException FAILED_PRECONDITION, with the reason, for one that is not to go into
   *     service
   */
  List<String> tryOut(String name, Policy candidate, @Nullable Policy inService);
}
