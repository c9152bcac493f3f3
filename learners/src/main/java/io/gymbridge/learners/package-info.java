/**
 * Learning from demonstrations and from an expert that can be asked, on DeepLearning4J.
 *
 * <p>Start with {@link io.gymbridge.learners.BehavioralCloning}, then {@link
 * io.gymbridge.learners.DAgger}: one algorithm a file, its hyperparameters in its {@code Config}.
 * Both train a {@link io.gymbridge.learners.PolicyNetwork}, which becomes a policy bundle that
 * anything can serve. Only {@code VectorEnv}, {@code Policy} and {@code Demonstrations} are known
 * here: whether an environment is local or behind a connection makes no difference. DL4J's types
 * stay inside this package.
 */
@NullMarked
package io.gymbridge.learners;

import org.jspecify.annotations.NullMarked;
