/** Tests through real connections. */
@NullMarked
package io.gymbridge.server;

import org.jspecify.annotations.NullMarked;
