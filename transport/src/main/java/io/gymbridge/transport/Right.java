package io.gymbridge.transport;

import io.grpc.Context;
import java.util.Set;

/** What a token may give the right to. */
public enum Right {
  /** Ask environments and policies. */
  ACT,
  /** Put new versions of policies into service. */
  PUBLISH,
  /** Say which versions are in service. */
  ADMIN;

  private static final Set<Right> ALL = Set.of(values());
  private static final Context.Key<Set<Right>> HELD = Context.keyWithDefault("rights", ALL);

  /** The call's context, with the rights of its token. */
  static Context with(Set<Right> rights) {
    return Context.current().withValue(HELD, rights);
  }

  /** Whether the call under way has this right; where no token is asked for, it has all. */
  public boolean isHeld() {
    return HELD.get().contains(this);
  }
}
