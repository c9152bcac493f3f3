/** Tests of the codec against itself, and against the bytes that Python writes. */
@NullMarked
package io.gymbridge.transport;

import org.jspecify.annotations.NullMarked;
