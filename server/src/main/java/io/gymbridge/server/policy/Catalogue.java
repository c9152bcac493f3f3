package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** The policies that a server has, by name. Thread-safe. */
public final class Catalogue implements AutoCloseable {
  private final SortedMap<String, Shelf> shelves = new ConcurrentSkipListMap<>();
  private final List<BiConsumer<String, Boolean>> listeners = new CopyOnWriteArrayList<>();

  Catalogue() {}

  /**
   * Of policies that never change.
   *
   * @throws GymException INVALID_ARGUMENT for two policies of one name
   */
  public static Catalogue of(Collection<ServedPolicy> policies) {
    Catalogue catalogue = new Catalogue();
    for (ServedPolicy policy : policies) {
      if (catalogue.shelves.containsKey(policy.name())) {
        throw new GymException(
            Kind.INVALID_ARGUMENT, "two policies are called \"" + policy.name() + "\"");
      }
      Version version =
          new Version(
              policy.name(),
              policy.version(),
              "",
              new PlainActor(policy.name(), policy.policy(), policy.stochastic()),
              false,
              policy.provenance());
      catalogue.put(policy.name(), List.of(version), Lineup.NEWEST, Map.of());
    }
    return catalogue;
  }

  /**
   * A policy by its name; an empty one means the only one there is.
   *
   * @throws GymException NOT_FOUND, naming those there are; INVALID_ARGUMENT for an empty name
   *     where there are several
   */
  Shelf find(String name) {
    Shelf shelf =
        name.isEmpty() && shelves.size() == 1 ? shelves.get(shelves.firstKey()) : shelves.get(name);
    if (shelf != null) {
      return shelf;
    }
    throw name.isEmpty() && !shelves.isEmpty()
        ? new GymException(Kind.INVALID_ARGUMENT, "name one of the policies: " + shelves.keySet())
        : new GymException(
            Kind.NOT_FOUND,
            "no policy \"%s\" here: there are %s".formatted(name, shelves.keySet()));
  }

  /** All, sorted by name. */
  Collection<Shelf> shelves() {
    return shelves.values();
  }

  /** Changes a policy's versions, as {@link Shelf#put} does; without any it is gone. */
  synchronized void put(
      String name, List<Version> versions, Lineup lineup, Map<String, String> refused) {
    Shelf shelf = shelves.computeIfAbsent(name, Shelf::new);
    shelf.put(versions, lineup, refused);
    if (versions.isEmpty() && refused.isEmpty()) {
      shelves.remove(name);
    }
    listeners.forEach(listener -> listener.accept(name, !versions.isEmpty()));
  }

  /** Tells of every policy, those here and those to come, whether it is in service. */
  synchronized void listen(BiConsumer<String, Boolean> listener) {
    shelves.forEach((name, shelf) -> listener.accept(name, !shelf.versions().isEmpty()));
    listeners.add(listener);
  }

  /** Takes all out of service; each closes when nobody holds it any more. */
  @Override
  public synchronized void close() {
    for (Shelf shelf : shelves.values()) {
      shelf.put(List.of(), Lineup.NEWEST, Map.of());
    }
    shelves.clear();
  }
}
