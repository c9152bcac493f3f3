/** Random numbers and draws, compared with recordings of the Python server's. */
@NullMarked
package io.gymbridge.server.rollout;

import org.jspecify.annotations.NullMarked;
