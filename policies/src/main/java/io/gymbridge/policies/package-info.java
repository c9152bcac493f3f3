/**
 * Trained policies as files, and inference from them.
 *
 * <p>Start with {@link io.gymbridge.policies.PolicyBundle}, the file, and {@link
 * io.gymbridge.policies.OnnxPolicy}, which acts. Nothing here knows how a policy was trained;
 * DeepLearning4J is not needed to serve one.
 */
@NullMarked
package io.gymbridge.policies;

import org.jspecify.annotations.NullMarked;
