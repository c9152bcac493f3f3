package io.gymbridge.server;

import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.SharedMemory;
import io.gymbridge.transport.memory.MemoryLink;
import io.gymbridge.transport.memory.MemoryOffer;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shared memory beside a stream: an offer at first, then, once the client has rung, what
 * requests and answers go through. No more requests are read than the stream would read. The
 * shard's thread does all but make, wake and close it.
 */
final class ShardMemory implements Turns.Source {
  private static final Logger log = LoggerFactory.getLogger(ShardMemory.class);

  /** Whom it tells. */
  interface Owner {
    /** A request has come, in the shard's thread. */
    void received(ShardMemory from, InteractRequest request);

    /** It is over. */
    void closed(ShardMemory from);
  }

  private final MemoryOffer offer;
  private final Owner owner;
  private final InteractStream stream;
  private volatile @Nullable MemoryLink link;

  /** Requests read and not answered. */
  private final AtomicInteger waiting = new AtomicInteger();

  /** The shard's, while it waits for the stream. */
  private volatile @Nullable Thread held;

  private volatile boolean over;

  ShardMemory(MemoryOffer offer, Owner owner, InteractStream stream) {
    this.offer = offer;
    this.owner = owner;
    this.stream = stream;
  }

  /** The stream that it is beside. */
  InteractStream stream() {
    return stream;
  }

  /** What the client is to be told. */
  SharedMemory described() {
    return offer.described();
  }

  @Override
  public boolean isReady() {
    MemoryLink taken = link;
    return taken != null && taken.isReady() && mayRead();
  }

  /** An answer that finds no room goes on the stream, and must find room there. */
  private boolean mayRead() {
    return waiting.get() < InteractStream.MAX_WAITING && stream.isReady();
  }

  @Override
  public void serve() {
    MemoryLink taken = link;
    if (taken == null) {
      return;
    }
    try {
      InteractRequest request = taken.receive(InteractRequest.parser());
      if (request != null) {
        waiting.incrementAndGet();
        owner.received(this, request);
      }
    } catch (IOException e) {
      giveUp(e);
    }
  }

  /** Sends an answer; false where that has to be done otherwise. */
  boolean answer(InteractResponse response) {
    waiting.decrementAndGet();
    MemoryLink taken = link;
    try {
      return taken != null && !over && taken.send(response);
    } catch (IOException e) {
      giveUp(e);
      return false;
    }
  }

  @Override
  public void sleep() {
    MemoryLink taken = link;
    try {
      if (taken != null) {
        if (!mayRead()) {
          hold();
        } else {
          taken.sleep(Long.MAX_VALUE);
        }
        return;
      }
      MemoryLink accepted = offer.accept();
      if (accepted != null) {
        link = accepted;
        if (over) {
          accepted.close();
        }
      } else if (offer.isOver()) {
        close();
      } else {
        offer.sleep();
      }
    } catch (IOException e) {
      giveUp(e);
    }
  }

  /** Waits for the stream, whatever else comes. */
  private void hold() {
    held = Thread.currentThread();
    if (!mayRead()) {
      LockSupport.park(this);
    }
    held = null;
  }

  @Override
  public void wake() {
    offer.wake();
    LockSupport.unpark(held);
  }

  private void giveUp(IOException why) {
    if (!over) {
      log.debug("shared memory is given up", why);
      close();
    }
  }

  /** Ends it; again does no harm. */
  void close() {
    over = true;
    offer.close();
    MemoryLink taken = link;
    if (taken != null) {
      taken.close();
    }
    owner.closed(this);
  }
}
