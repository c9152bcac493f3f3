/**
 * Serves policies over gRPC, to clients in any language.
 *
 * <p>Start with {@link io.gymbridge.server.policy.PolicyServer}, which listens. What it serves is a
 * {@link io.gymbridge.server.policy.Catalogue}: of {@link io.gymbridge.server.policy.ServedPolicy}
 * records, or of the bundles in a {@link io.gymbridge.server.policy.Repository}, a folder that is
 * watched and published to.
 *
 * <p>A question comes in through {@code PolicyCalls} (gymbridge's own protocol) or {@code
 * InferenceCalls} (the Open Inference Protocol), is decoded by the {@code Version} that is to
 * answer it, waits in {@code Batches} until the connections' thread has read what else has arrived,
 * and is answered together with that.
 */
@NullMarked
package io.gymbridge.server.policy;

import org.jspecify.annotations.NullMarked;
