/**
 * Gymnasium's vocabulary in Java: spaces and their values, environments alone and in batches,
 * policies, and the loops that play episodes; wrappers are in {@link io.gymbridge.core.wrappers}.
 *
 * <p>Start with {@link io.gymbridge.core.VectorEnv} and {@link io.gymbridge.core.Policy}, which are
 * all that a learner sees: whether they live in this process or behind a connection makes no
 * difference to it. {@link io.gymbridge.core.Space} and {@link io.gymbridge.core.Value} say what
 * flows between them, {@link io.gymbridge.core.EpisodeLoop} makes it flow.
 */
@NullMarked
package io.gymbridge.core;

import org.jspecify.annotations.NullMarked;
