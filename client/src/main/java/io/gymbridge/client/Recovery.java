package io.gymbridge.client;

/**
 * What becomes of lanes whose process died or hung. The server replaces the process; the new lanes
 * know nothing of what the old ones did.
 *
 * @param replays false: the lanes are lost, in mid-episode ({@link
 *     io.gymbridge.core.VectorEnv.Step#lost}). True: what they did since the last seeded reset of
 *     all lanes, or since the last saved state, is done again in the new process, and the same
 *     episode goes on, bit for bit. That takes environments that do the same for the same seeds and
 *     actions; where observations differ on the way, the lanes are lost after all
 * @param saveEvery where the session can save states: calls after which they are saved, so that
 *     little has to be done again
 */
public record Recovery(boolean replays, int saveEvery) {
  /** The lanes are lost. */
  public static final Recovery NONE = new Recovery(false, 1);

  /** The lanes' work is done again; states are saved every 500 calls. */
  public static final Recovery REPLAY = new Recovery(true, 500);

  public Recovery {
    if (saveEvery < 1) {
      throw new IllegalArgumentException("saveEvery must be at least 1, got " + saveEvery);
    }
  }
}
