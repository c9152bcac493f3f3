/**
 * Serves environments over gRPC, to clients in any language; policies are next door, in {@link
 * io.gymbridge.server.policy}.
 *
 * <p>Start with {@link io.gymbridge.server.EnvironmentServer}, which listens; what it serves are
 * {@link io.gymbridge.server.ServedEnvironment} records. Beside the environments it offers the
 * standard health and reflection services.
 */
@NullMarked
package io.gymbridge.server;

import org.jspecify.annotations.NullMarked;
