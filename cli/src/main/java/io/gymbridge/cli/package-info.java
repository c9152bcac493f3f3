/**
 * The {@code gymbridge} command: one class per subcommand, and what they share.
 *
 * <p>Start with {@link io.gymbridge.cli.Main}. This is where the parts are wired together; nothing
 * depends on it.
 */
@NullMarked
package io.gymbridge.cli;

import org.jspecify.annotations.NullMarked;
