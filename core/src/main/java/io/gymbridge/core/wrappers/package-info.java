/**
 * Gymnasium's wrappers: each changes one thing about an environment and leaves the rest alone.
 *
 * <p>The names and the numbers are those of Gymnasium 1.4; a wrapper of a {@link
 * io.gymbridge.core.VectorEnv} has {@code Vector} before its name. All vector wrappers work in all
 * three {@link io.gymbridge.core.AutoresetMode}s, and with resets of some lanes, also where
 * Gymnasium's refuse: its class comment says so.
 *
 * <ul>
 *   <li>{@link io.gymbridge.core.wrappers.ClipAction}, {@link
 *       io.gymbridge.core.wrappers.VectorClipAction}: any action is brought into its bounds
 *   <li>{@link io.gymbridge.core.wrappers.RescaleAction}, {@link
 *       io.gymbridge.core.wrappers.VectorRescaleAction}: actions in bounds of one's own choice
 *   <li>{@link io.gymbridge.core.wrappers.FlattenObservation}, {@link
 *       io.gymbridge.core.wrappers.VectorFlattenObservation}: one vector for each
 *   <li>{@link io.gymbridge.core.wrappers.FrameStackObservation}, {@link
 *       io.gymbridge.core.wrappers.VectorFrameStackObservation}: the last few observations
 *   <li>{@link io.gymbridge.core.wrappers.NormalizeObservation}, {@link
 *       io.gymbridge.core.wrappers.VectorNormalizeObservation}: mean 0 and variance 1
 *   <li>{@link io.gymbridge.core.wrappers.NormalizeReward}, {@link
 *       io.gymbridge.core.wrappers.VectorNormalizeReward}: returns of about variance 1
 *   <li>{@link io.gymbridge.core.wrappers.RecordEpisodeStatistics}, {@link
 *       io.gymbridge.core.wrappers.VectorRecordEpisodeStatistics}: return, length and duration in
 *       the infos
 * </ul>
 *
 * <p>All of them save their state with what they wrap, where that can save.
 *
 * <p>{@link io.gymbridge.core.TimeLimit} is Gymnasium's wrapper of that name, {@link
 * io.gymbridge.core.CheckedEnv} its OrderEnforcing; neither has a vector form there. To write
 * another wrapper, extend {@link io.gymbridge.core.wrappers.Wrapper} or {@link
 * io.gymbridge.core.wrappers.VectorWrapper}.
 */
@NullMarked
package io.gymbridge.core.wrappers;

import org.jspecify.annotations.NullMarked;
