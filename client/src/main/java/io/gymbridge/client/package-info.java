/**
 * Environments and policies that live in another process, as {@link io.gymbridge.core.Env}, {@link
 * io.gymbridge.core.VectorEnv} and {@link io.gymbridge.core.Policy}: a learner cannot tell them
 * from local ones.
 *
 * <p>Start with {@link io.gymbridge.client.RemoteVectorEnv}, {@link io.gymbridge.client.RemoteEnv}
 * and {@link io.gymbridge.client.RemotePolicy}. {@link io.gymbridge.client.ManagedServer} starts a
 * server for them as a child process.
 */
@NullMarked
package io.gymbridge.client;

import org.jspecify.annotations.NullMarked;
