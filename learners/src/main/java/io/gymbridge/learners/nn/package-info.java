/**
 * The numerical core of all learners: networks, their gradients, the optimiser and probability
 * distributions, on arrays of {@code float} in row-major order. Start with {@link
 * io.gymbridge.learners.nn.Mlp}.
 *
 * <p>A batch of n rows of k numbers is one array that holds at least n·k of them, row after row;
 * arrays may be longer, so that they can be kept and used again. Matrix products are done by the
 * BLAS that ND4J brings, all else by loops that the just-in-time compiler turns into vector
 * instructions. Nothing here allocates once it has been made, and nothing is thread-safe.
 */
@NullMarked
package io.gymbridge.learners.nn;

import org.jspecify.annotations.NullMarked;
