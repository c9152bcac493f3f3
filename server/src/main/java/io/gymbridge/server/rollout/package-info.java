/**
 * How policies act in the lanes of an environment server: {@link
 * io.gymbridge.server.rollout.Acting} is a policy that was put, a {@link
 * io.gymbridge.server.rollout.Block} the actions of some steps, and {@link
 * io.gymbridge.server.rollout.Noise} the random numbers they are drawn with.
 */
@NullMarked
package io.gymbridge.server.rollout;

import org.jspecify.annotations.NullMarked;
