/**
 * Shared memory between a client and a server of one host: two rings of messages in a mapped file,
 * and a socket to wake the other side by. docs/protocol.md, "Shared memory", has the layout.
 *
 * <p>A server makes a {@link io.gymbridge.transport.memory.MemoryOffer}; a client takes it, and
 * both then have a {@link io.gymbridge.transport.memory.MemoryLink}. Whatever is wrong with what
 * the other side wrote, or with the file, is an {@link java.io.IOException}: the memory is given
 * up, and the stream goes on alone.
 */
@NullMarked
package io.gymbridge.transport.memory;

import org.jspecify.annotations.NullMarked;
