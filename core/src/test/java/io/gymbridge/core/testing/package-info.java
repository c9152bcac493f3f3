/**
 * What other modules' tests share: the contracts that every environment keeps, wherever it lives,
 * and a tiny environment.
 *
 * <p>To test an environment, extend {@link io.gymbridge.core.testing.EnvContract} or {@link
 * io.gymbridge.core.testing.VectorEnvContract} and say how to make it.
 */
@NullMarked
package io.gymbridge.core.testing;

import org.jspecify.annotations.NullMarked;
