/**
 * Demonstrations on disk, an episode at a time.
 *
 * <p>Start with {@link io.gymbridge.data.DemonstrationReader}, which reads {@code .npz} files and
 * Minari data sets, and {@link io.gymbridge.data.NpzWriter}. Neither holds more than the episode at
 * hand. Files are not trusted: sizes are checked before anything is allocated, pickled objects are
 * refused, and links to other files are not followed.
 */
@NullMarked
package io.gymbridge.data;

import org.jspecify.annotations.NullMarked;
