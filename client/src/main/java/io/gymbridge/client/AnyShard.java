package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Waits for the first answer from any of several shards. For one thread; others may wake it. */
final class AnyShard extends Waiting implements AutoCloseable {
  private final Selector selector;
  private List<ShardStream> shards = List.of();

  AnyShard() {
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new GymException(Kind.UNAVAILABLE, "cannot wait for several processes: " + e, null, e);
    }
  }

  /**
   * Waits until {@link ShardStream#await} would not wait at one of these.
   *
   * @param asked at least one; each has requests under way
   * @param doing as there
   * @return all that are so
   * @throws GymException as there
   */
  List<ShardStream> await(List<ShardStream> asked, String doing) {
    shards = asked;
    for (ShardStream shard : asked) {
      shard.watchedBy(this);
      shard.beginWaiting();
    }
    try {
      while (true) {
        List<ShardStream> answered = new ArrayList<>();
        for (ShardStream shard : asked) {
          if (shard.isAnswered()) {
            answered.add(shard);
          }
        }
        if (!answered.isEmpty()) {
          return answered;
        }
        if (!awaitUntil(tendAt(), asked.size())) {
          tend(doing);
        }
      }
    } finally {
      for (ShardStream shard : asked) {
        shard.watchedBy(null);
      }
      shards = List.of();
    }
  }

  private long tendAt() {
    long first = shards.get(0).tendAt();
    for (ShardStream shard : shards) {
      long at = shard.tendAt();
      first = at - first < 0 ? at : first;
    }
    return first;
  }

  private void tend(String doing) {
    long now = System.nanoTime();
    for (ShardStream shard : shards) {
      if (now - shard.tendAt() >= 0) {
        shard.tend(doing);
      }
    }
  }

  @Override
  boolean arrived() {
    for (ShardStream shard : shards) {
      if (shard.arrived()) {
        return true;
      }
    }
    return false;
  }

  @Override
  void sleep(long nanos) {
    for (ShardStream shard : shards) {
      shard.hearBell(selector);
    }
    if (arrived()) {
      return;
    }
    try {
      selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
      selector.selectedKeys().clear();
    } catch (IOException | ClosedSelectorException e) {
      // It is not slept then; who waits looks again.
      super.sleep(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  @Override
  void wake() {
    selector.wakeup();
  }

  @Override
  public void close() {
    try {
      selector.close();
    } catch (IOException e) {
      // Nobody waits any more.
    }
  }
}
