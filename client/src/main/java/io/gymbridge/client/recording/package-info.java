/**
 * Logs of everything that was asked of a batch of environments, and of what came of it: to do it
 * again, and to see whether the same comes of it.
 *
 * <p>Start with {@link io.gymbridge.client.recording.RecordingVectorEnv}, which writes one, and
 * {@link io.gymbridge.client.recording.Replay}, which does again what one says. The file's format
 * is {@link io.gymbridge.client.recording.LogFormat}'s.
 */
@NullMarked
package io.gymbridge.client.recording;

import org.jspecify.annotations.NullMarked;
