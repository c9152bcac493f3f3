/**
 * Serves policies over gRPC, to clients in any language.
 *
 * <p>Start with {@link io.gymbridge.server.PolicyServer}, which listens; what it serves are {@link
 * io.gymbridge.server.ServedPolicy} records. Beside the policies it offers the standard health and
 * reflection services.
 */
@NullMarked
package io.gymbridge.server;

import org.jspecify.annotations.NullMarked;
