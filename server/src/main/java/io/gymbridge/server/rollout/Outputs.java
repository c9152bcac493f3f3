package io.gymbridge.server.rollout;

import io.gymbridge.core.NdArray;

/** What computes a policy's outputs for a batch of observations. */
interface Outputs {
  /**
   * Computes the outputs.
   *
   * @param into for each output, its rows one after the other
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT where the policy fails, or gives NaN
   */
  void compute(NdArray observations, float[][] into);
}
