package io.gymbridge.client;

import io.gymbridge.core.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@link RemotePolicy}'s answer.
 *
 * @param actions a batch of N from the action space
 * @param versions that answered: one for all rows, or N
 * @param digest twelve hexadecimal digits of the first row's version's content
 * @param logProbabilities N, of the actions as they were drawn, before they were clipped; null if
 *     not asked for
 * @param values N; null if not asked for
 * @param state a batch of N recurrent states; null if not asked for, or for a policy without
 */
public record Acted(
    Value actions,
    List<String> versions,
    String digest,
    double @Nullable [] logProbabilities,
    float @Nullable [] values,
    @Nullable Value state) {}
