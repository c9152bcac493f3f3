/**
 * Learning from demonstrations, from an expert that can be asked, and from rewards.
 *
 * <p>Start with {@link io.gymbridge.learners.BehavioralCloning}, then {@link
 * io.gymbridge.learners.DAgger}; or with {@link io.gymbridge.learners.Ppo}, then {@link
 * io.gymbridge.learners.Gail}: one algorithm a file, its hyperparameters in its {@code Config}. All
 * train a {@link io.gymbridge.learners.PolicyNetwork}, which becomes a policy bundle that anything
 * can serve. Only {@code VectorEnv}, {@code Policy} and {@code Demonstrations} are known here:
 * whether an environment is local or behind a connection makes no difference. DL4J's types stay
 * inside this package, the arithmetic in {@link io.gymbridge.learners.nn}.
 */
@NullMarked
package io.gymbridge.learners;

import org.jspecify.annotations.NullMarked;
