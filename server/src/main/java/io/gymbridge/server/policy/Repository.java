package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.proto.v1.PublishHeader;
import io.gymbridge.proto.v1.PublishPolicyResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of bundles, {@code POLICY/VERSION.zip}, whose versions it puts into a {@link Catalogue}
 * and keeps there as the folder changes. {@code POLICY/serving.json} says which versions of a
 * policy are in service, if not the newest. {@code POLICY.zip} is a policy of one version.
 *
 * <p>A version is read, checked, tried and warmed up before it takes another's place. One that
 * fails is refused, with its reason, until its file changes; what is in service stays there.
 *
 * <p>Thread-safe: all work is done on a thread of its own.
 */
public final class Repository implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Repository.class);

  private static final String UNLOADED =
      "it was taken out of service by RepositoryModelUnload, until RepositoryModelLoad";
  private static final long LOOK_MILLIS = 1000;

  private final BundleFolder folder;
  private final Catalogue catalogue = new Catalogue();
  private final PublishGate gate;
  private final Map<String, Map<String, Known>> known = new HashMap<>();
  private final Set<String> unloaded = new HashSet<>();
  private final Set<Publishing> arriving = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService thread = daemon("gymbridge-repository");

  /** Looks after bundles on their way, while the other thread may be at a trial. */
  private final ScheduledExecutorService uploads = daemon("gymbridge-uploads");

  /** What tells a file's content from another's, as far as can be seen without reading it. */
  private record Fingerprint(long size, long modified, @Nullable Object inode) {
    static Fingerprint of(Path file) throws IOException {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new Fingerprint(
          attributes.size(), attributes.lastModifiedTime().toMillis(), attributes.fileKey());
    }
  }

  /** A file that was looked at: either a version, or the reason why it is none. */
  private record Known(Fingerprint file, @Nullable Version version, String refusal) {}

  private static ScheduledExecutorService daemon(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        work -> {
          Thread made = new Thread(work, name);
          made.setDaemon(true);
          return made;
        });
  }

  private Repository(Path source, PublishGate gate) {
    this.folder = new BundleFolder(source);
    this.gate = gate;
  }

  /**
   * Opens a folder, or one bundle, looks through it once, and goes on looking each second.
   *
   * @param gate what a new version has to pass
   * @throws GymException NOT_FOUND if there is no such folder or file
   */
  public static Repository open(Path source, PublishGate gate) {
    if (!Files.exists(source)) {
      throw new GymException(Kind.NOT_FOUND, "no folder or bundle at " + source);
    }
    Repository repository = new Repository(source, gate);
    repository.folder.removeUnfinished();
    repository.look();
    var unused =
        repository.thread.scheduleWithFixedDelay(
            repository::lookAgain, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    var unusedToo =
        repository.uploads.scheduleWithFixedDelay(
            () -> repository.endSilent(System.nanoTime()),
            LOOK_MILLIS,
            LOOK_MILLIS,
            TimeUnit.MILLISECONDS);
    return repository;
  }

  /** Where its bundles are. */
  BundleFolder folder() {
    return folder;
  }

  /** What is in service. */
  public Catalogue catalogue() {
    return catalogue;
  }

  /** Whether nothing is in service. */
  public boolean isEmpty() {
    return catalogue.shelves().stream().allMatch(shelf -> shelf.versions().isEmpty());
  }

  /** What was found and is not in service, and why, for people; empty if all is. */
  public String refusals() {
    StringBuilder text = new StringBuilder();
    for (Shelf shelf : catalogue.shelves()) {
      shelf
          .refused()
          .forEach(
              (version, why) -> text.append("%n  %s/%s: %s".formatted(shelf.name(), version, why)));
    }
    return text.toString();
  }

  /** A line for each version in service, for people. */
  public String description() {
    StringBuilder text = new StringBuilder();
    for (Shelf shelf : catalogue.shelves()) {
      for (Version version : shelf.versions()) {
        text.append(
            "  %s (version %s, %s)%n".formatted(shelf.name(), version.name(), version.digest()));
      }
    }
    return text.toString();
  }

  /** Does something on the repository's own thread, where it may take its time. */
  void run(Runnable work) {
    thread.execute(work);
  }

  /** Stops looking, and takes everything out of service. */
  @Override
  public void close() {
    thread.shutdownNow();
    uploads.shutdownNow();
    catalogue.close();
  }

  /** Looks through the folder at once, and returns when that is done. */
  void lookNow() throws Exception {
    thread.submit(() -> look()).get();
  }

  /** Bundles on their way. */
  Set<Publishing> arriving() {
    return arriving;
  }

  /** Whatever comes of it: a task that throws is not done again. */
  private void lookAgain() {
    try {
      look();
    } catch (RuntimeException | Error e) {
      log.error("cannot look through {}", folder, e);
    }
  }

  /** Gives up bundles of which nothing comes any more. */
  void endSilent(long nowNanos) {
    arriving.forEach(each -> each.endIfSilent(nowNanos));
  }

  /** Looks through the folder, and changes what is in service where it has changed. */
  private void look() {
    Map<String, SortedMap<String, Path>> found;
    try {
      found = folder.find();
    } catch (IOException e) {
      log.warn("cannot look through {}, so that nothing changes: {}", folder, e.toString());
      return;
    }
    TreeSet<String> names = new TreeSet<>(found.keySet());
    names.addAll(known.keySet());
    for (String name : names) {
      try {
        update(name, found.getOrDefault(name, new TreeMap<>()));
      } catch (IOException | RuntimeException e) {
        log.warn("cannot update the policy {}, so that it stays as it was: {}", name, e.toString());
      }
    }
  }

  /** Puts into service what is to be in service of a policy's files, newest first. */
  private void update(String name, SortedMap<String, Path> files) throws IOException {
    Map<String, Known> before = known.getOrDefault(name, Map.of());
    SortedMap<String, String> refused = new TreeMap<>();
    Lineup lineup = lineup(name, refused);
    Map<String, Known> after = new HashMap<>();
    List<Version> chosen = new ArrayList<>();
    int newest = 0;
    for (Map.Entry<String, Path> file : files.entrySet()) {
      String version = file.getKey();
      if (unloaded.contains(name)) {
        refused.put(version, UNLOADED);
        continue;
      }
      boolean named = lineup.versions().contains(version) || lineup.labels().containsValue(version);
      if (!named && newest >= lineup.latest()) {
        continue;
      }
      Known seen = look(name, version, file.getValue(), before.get(version));
      after.put(version, seen);
      if (!seen.refusal().isEmpty()) {
        refused.put(version, seen.refusal());
      }
      if (seen.version() != null) {
        chosen.add(seen.version());
        newest++;
      }
    }
    if (files.isEmpty()) {
      known.remove(name);
      unloaded.remove(name);
    } else {
      known.put(name, after);
    }
    if (!after.equals(before) || !catalogueHas(name, lineup, refused)) {
      catalogue.put(name, chosen, lineup, refused);
    }
  }

  private boolean catalogueHas(String name, Lineup lineup, Map<String, String> refused) {
    return catalogue.shelves().stream()
        .anyMatch(
            shelf ->
                shelf.name().equals(name)
                    && shelf.lineup().equals(lineup)
                    && shelf.refused().equals(refused));
  }

  private Lineup lineup(String name, Map<String, String> refused) throws IOException {
    try {
      return folder.lineup(name);
    } catch (GymException e) {
      refused.put(BundleFolder.LINEUP, e.getMessage());
      return shelf(name) == null ? Lineup.NEWEST : Objects.requireNonNull(shelf(name)).lineup();
    }
  }

  private @Nullable Shelf shelf(String name) {
    return catalogue.shelves().stream()
        .filter(shelf -> shelf.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /** The version in a file, read only if the file has changed. */
  private Known look(String policy, String version, Path file, @Nullable Known before)
      throws IOException {
    Fingerprint fingerprint;
    try {
      fingerprint = Fingerprint.of(file);
    } catch (NoSuchFileException e) {
      return new Known(new Fingerprint(0, 0, null), null, "its file has gone");
    }
    if (before != null && before.file().equals(fingerprint)) {
      return before;
    }
    try {
      Loaded loaded = load(policy, version, file);
      log.info("{}/{} ({}) goes into service", policy, version, loaded.version().digest());
      return new Known(fingerprint, loaded.version(), "");
    } catch (GymException e) {
      log.warn("{}/{} is refused: {}", policy, version, e.getMessage());
      // A version whose file was spoilt goes on as it was.
      return new Known(fingerprint, before == null ? null : before.version(), e.getMessage());
    }
  }

  /** A version that may go into service, and what was found when it was tried. */
  private record Loaded(Version version, List<String> checks) {}

  /** Reads a bundle and tries it; throws what is wrong with it. */
  private Loaded load(String policy, String version, Path file) {
    PolicyBundle.Loaded loaded = PolicyBundle.load(file, 0);
    PolicyBundle bundle = loaded.bundle();
    OnnxPolicy ready = loaded.policy();
    try {
      Shelf shelf = shelf(policy);
      Version inService = shelf == null ? null : shelf.main();
      List<String> checks = new ArrayList<>();
      checks.add(
          "%d golden observations: the recorded actions, to %s"
              .formatted(bundle.manifest().goldenObservations().batchSize(), PolicyBundle.PARITY));
      if (ready.rowsInJava() > 0) {
        checks.add("up to %d observations are computed in Java".formatted(ready.rowsInJava()));
      }
      if (inService != null) {
        sameSpaces(bundle, inService);
      }
      WarmUp.Result warm = WarmUp.of(ready, bundle.manifest().goldenObservations());
      checks.add("warmed up: %d µs for one observation".formatted(warm.micros()));
      checks.addAll(
          gate.tryOut(
              policy, new Asking(ready), inService == null ? null : new Asking(inService.actor())));
      return new Loaded(
          new Version(
              policy,
              version,
              bundle.version(),
              ready,
              warm.quick(),
              bundle.manifest().provenance()),
          checks);
    } catch (RuntimeException e) {
      ready.close();
      throw e;
    }
  }

  private static void sameSpaces(PolicyBundle bundle, Version inService) {
    if (!bundle.manifest().observationSpace().equals(inService.actor().observationSpace())
        || !bundle.manifest().actionSpace().equals(inService.actor().actionSpace())) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "it is for observations %s and actions %s, %s in service for %s and %s: publish it under another name"
              .formatted(
                  bundle.manifest().observationSpace(),
                  bundle.manifest().actionSpace(),
                  inService,
                  inService.actor().observationSpace(),
                  inService.actor().actionSpace()));
    }
  }

  /** Changes which versions of a policy are in service. On the repository's thread. */
  void configure(String name, Lineup lineup) {
    try {
      SortedMap<String, Path> files = folder.find(name);
      if (!folder.grows(name)) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "%s is a policy of one version, %s: there is nothing to choose from"
                .formatted(name, files.values()));
      }
      List<String> wanted = new ArrayList<>(lineup.versions());
      wanted.addAll(lineup.labels().values());
      for (String version : wanted) {
        if (!files.containsKey(version)) {
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              "%s has no version \"%s\": it has %s".formatted(name, version, files.keySet()));
        }
      }
      folder.write(name, lineup);
      update(name, files);
    } catch (IOException e) {
      throw BundleFolder.cannotWrite(e);
    }
  }

  /**
   * Puts a policy into service, or again into service; its files are looked at anew. On the
   * repository's thread.
   *
   * @param version that is to be in service, and no other but those with labels; empty for what is
   *     configured
   * @throws GymException NOT_FOUND; FAILED_PRECONDITION where no version can be put into service
   */
  void load(String name, String version) {
    try {
      SortedMap<String, Path> files = folder.find(name);
      boolean before = unloaded.remove(name);
      try {
        if (version.isEmpty()) {
          update(name, files);
        } else {
          Lineup lineup = lineup(name, new TreeMap<>());
          configure(name, new Lineup(0, List.of(version), lineup.labels(), lineup.canaryShare()));
        }
      } catch (IOException | RuntimeException e) {
        if (before) {
          unloaded.add(name);
        }
        throw e;
      }
      Shelf shelf = catalogue.find(name);
      if (shelf.versions().isEmpty()) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "failed to load '%s', none of its versions can be in service: %s"
                .formatted(name, shelf.refused()));
      }
    } catch (IOException e) {
      throw BundleFolder.cannotWrite(e);
    }
  }

  /**
   * Takes a policy out of service until it is loaded; episodes that began with it go on. On the
   * repository's thread.
   *
   * @throws GymException NOT_FOUND
   */
  void unload(String name) {
    try {
      SortedMap<String, Path> files = folder.find(name);
      unloaded.add(name);
      update(name, files);
    } catch (IOException e) {
      throw BundleFolder.cannotWrite(e);
    }
  }

  /**
   * Puts a bundle into service that has arrived whole, is on the disk, and has the hash that the
   * header says. On the repository's thread.
   */
  PublishPolicyResponse publish(PublishHeader header, Path unfinished) {
    String policy = header.getPolicy();
    try {
      SortedMap<String, Path> files =
          folder.find().getOrDefault(policy, BundleFolder.newestFirst());
      String version = header.getVersion().isEmpty() ? next(files) : header.getVersion();
      header.getLabelsList().forEach(label -> Names.check("label", label));
      Path file = folder.file(policy, version);
      if (files.containsKey(version) && !Objects.equals(files.get(version), file)) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "%s is a policy of one version, in %s: move it to %s to add others"
                .formatted(policy, files.get(version), file));
      }
      if (Files.exists(file) && Files.mismatch(file, unfinished) != -1) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "there is a version %s of %s with another content: publish under another number"
                .formatted(version, policy));
      }
      Loaded loaded = load(policy, version, unfinished);
      folder.finish(unfinished, file);
      log.info("{}/{} ({}) is published", policy, version, loaded.version().digest());
      known
          .computeIfAbsent(policy, p -> new HashMap<>())
          .put(version, new Known(Fingerprint.of(file), loaded.version(), ""));
      files.put(version, file);
      label(policy, version, header.getLabelsList());
      update(policy, files);
      List<String> checks = new ArrayList<>(loaded.checks());
      Shelf shelf = catalogue.find(policy);
      if (shelf.versions().stream().noneMatch(each -> each == loaded.version())) {
        loaded.version().release();
        checks.add(
            "kept, and not in service: "
                + (unloaded.contains(policy)
                    ? "the policy is unloaded"
                    : BundleFolder.LINEUP + " wants others"));
      }
      return PublishPolicyResponse.newBuilder()
          .setVersion(version)
          .setDigest(loaded.version().digest())
          .addAllChecks(checks)
          .build();
    } catch (IOException e) {
      throw BundleFolder.cannotWrite(e);
    }
  }

  private static String next(SortedMap<String, Path> files) {
    return files.keySet().stream()
        .filter(Names::isNumber)
        .findFirst()
        .map(newest -> new java.math.BigInteger(newest).add(java.math.BigInteger.ONE).toString())
        .orElse("1");
  }

  private void label(String policy, String version, List<String> labels) throws IOException {
    if (labels.isEmpty()) {
      return;
    }
    Lineup lineup = lineup(policy, new TreeMap<>());
    for (String label : labels) {
      lineup = lineup.withLabel(label, version);
    }
    folder.write(policy, lineup);
  }
}
