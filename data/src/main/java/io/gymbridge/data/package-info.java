/**
 * Demonstrations on disk.
 *
 * <p>Start with {@link io.gymbridge.data.NpzDemonstrations}, which reads and writes the {@code
 * .npz} files that NumPy and the imitation libraries use. Files are not trusted: sizes are checked
 * before anything is allocated, and pickled objects are refused.
 */
@NullMarked
package io.gymbridge.data;

import org.jspecify.annotations.NullMarked;
