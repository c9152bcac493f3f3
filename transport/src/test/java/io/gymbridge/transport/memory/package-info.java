@NullMarked
package io.gymbridge.transport.memory;

import org.jspecify.annotations.NullMarked;
