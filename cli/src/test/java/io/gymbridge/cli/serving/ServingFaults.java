package io.gymbridge.cli.serving;

import com.google.protobuf.ByteString;
import io.gymbridge.cli.Main;
import io.gymbridge.client.ActOptions;
import io.gymbridge.client.Acted;
import io.gymbridge.client.PolicyAdmin;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Does to a policy server what may happen to one, at random, and sees after each fault that answers
 * are those of a version that was published whole, that all is there whose publication was
 * acknowledged, and that no unfinished files are left by a process that was killed.
 */
final class ServingFaults implements AutoCloseable {
  /** What may happen. */
  enum Fault {
    CALLER_KILLED,
    PUBLISHER_KILLED,
    TRUNCATED_PUBLISHED,
    DAMAGED_PUBLISHED,
    TRUNCATED_DROPPED,
    DAMAGED_DROPPED,
    COPIED_SLOWLY,
    SERVER_KILLED,
    DISK_FULL
  }

  private static final int POOL = 11;
  private static final int UNITS = 8;
  private static final int ANSWERS = 3;
  private static final long MAX_DELAY_NANOS = 120_000_000;

  private final Path folder;
  private final Path socket;
  private final SmallDisk disk;
  private final Path home;
  private final Random random;
  private final List<BenchPolicy> pool = new ArrayList<>();

  /** What the server said it has put into service, and its bytes. */
  private final TreeMap<Integer, byte[]> acknowledged = new TreeMap<>();

  /** What it may have put into service: it was asked to, and died, or found it in its folder. */
  private final Set<Integer> possible = new HashSet<>();

  private final Map<Fault, Integer> counts = new EnumMap<>(Fault.class);
  private PolicyProcess server;
  private int last;

  /** A server in a process of its own, with a first version. */
  ServingFaults(Path folder, long seed) throws IOException {
    this.folder = folder;
    this.socket = folder.resolve("server.sock");
    this.random = new Random(seed);
    this.disk = new SmallDisk(folder.resolve("policies"));
    this.home = Files.createDirectories(folder.resolve("policies").resolve(BenchPolicy.NAME));
    for (int i = 0; i < POOL; i++) {
      pool.add(BenchPolicy.create(UNITS, 100 + i));
    }
    server = start();
    publish(++last, bytes(last));
    check();
  }

  private PolicyProcess start() {
    return PolicyProcess.serve(Main.class, folder.resolve("policies"), "unix:" + socket);
  }

  /** What a version does. Neighbours differ. */
  private BenchPolicy policy(int version) {
    return pool.get(version % POOL);
  }

  private byte[] bytes(int version) {
    return policy(version).bundle().toBytes();
  }

  /**
   * Brings about so many faults.
   *
   * @return how often each has occurred, in all runs
   * @throws AssertionError where something is not as it should be
   */
  Map<Fault, Integer> run(int faults) throws IOException {
    Fault[] all = Fault.values();
    for (int i = 0; i < faults; i++) {
      // Each once before any a second time.
      Fault fault = i < all.length ? all[i] : all[random.nextInt(all.length)];
      if (fault == Fault.DISK_FULL && !disk.canBeFull()) {
        fault = Fault.SERVER_KILLED;
      }
      try {
        bringAbout(fault);
        check();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("after fault %d, %s: %s".formatted(i, fault, e.getMessage()), e);
      }
      counts.merge(fault, 1, Integer::sum);
      if (random.nextBoolean()) {
        publish(++last, bytes(last));
      }
    }
    return counts;
  }

  /** Whether full disks were among the faults. */
  boolean diskCanBeFull() {
    return disk.canBeFull();
  }

  private void bringAbout(Fault fault) throws IOException {
    switch (fault) {
      case CALLER_KILLED -> killCaller();
      case PUBLISHER_KILLED -> killPublisher();
      case TRUNCATED_PUBLISHED -> offer(truncated(bytes(++last)));
      case DAMAGED_PUBLISHED -> offer(damaged(bytes(++last)));
      case TRUNCATED_DROPPED -> drop(truncated(bytes(++last)));
      case DAMAGED_DROPPED -> {
        drop(damaged(bytes(++last)));
        possible.add(last);
      }
      case COPIED_SLOWLY -> copySlowly();
      case SERVER_KILLED -> killServer();
      case DISK_FULL -> fillDisk();
    }
  }

  private void killCaller() throws IOException {
    try (Severed way = new Severed(folder.resolve("caller.sock"), socket, random.nextInt(3000));
        Callers callers = Callers.streams(way.address(), 4)) {
      CompletableFuture<?>[] answers = new CompletableFuture<?>[400];
      for (int i = 0; i < answers.length; i++) {
        CompletableFuture<Caller.Answer> answer = new CompletableFuture<>();
        answers[i] = answer;
        callers.all().get(i % 4).ask(i < 4, answer::complete);
      }
      CompletableFuture.allOf(answers).join();
      Caller.Answer end = (Caller.Answer) answers[answers.length - 1].join();
      require(end.failure() != null, "a caller whose connection broke had all its answers");
    }
  }

  private void killPublisher() throws IOException {
    byte[] bundle = bytes(++last);
    try (Severed way =
        new Severed(folder.resolve("publisher.sock"), socket, random.nextInt(bundle.length))) {
      Kind kind = refusal(way.address(), last, bundle);
      require(kind == Kind.UNAVAILABLE, "a publisher whose connection broke was told " + kind);
    }
  }

  /** A damaged byte may be one that does not matter, such as a time in the zip. */
  private void offer(byte[] spoilt) {
    Kind kind = refusal("unix:" + socket, last, spoilt);
    if (kind == null) {
      acknowledged.put(last, spoilt);
    } else {
      require(kind == Kind.INVALID_ARGUMENT, "a spoilt bundle was refused with " + kind);
    }
  }

  private void drop(byte[] spoilt) throws IOException {
    Files.write(home.resolve(last + ".zip"), spoilt);
  }

  /** As a program copies that knows nothing of servers: the file is seen before it is whole. */
  private void copySlowly() throws IOException {
    byte[] bundle = bytes(++last);
    Path file = home.resolve(last + ".zip");
    int half = random.nextInt(bundle.length);
    Files.write(file, Arrays.copyOf(bundle, half));
    possible.add(last);
    pause();
    Files.write(file, bundle);
  }

  private void killServer() throws IOException {
    byte[] bundle = bytes(++last);
    int version = last;
    CompletableFuture<Boolean> published =
        CompletableFuture.supplyAsync(() -> refusal("unix:" + socket, version, bundle) == null);
    pause();
    server.kill();
    try {
      if (published.join()) {
        acknowledged.put(version, bundle);
      } else {
        possible.add(version);
      }
    } catch (CompletionException e) {
      possible.add(version);
    }
    server = start();
    try (Stream<Path> files = Files.walk(home.getParent())) {
      List<Path> unfinished =
          files.filter(file -> file.getFileName().toString().startsWith(".")).toList();
      require(unfinished.isEmpty(), "left over after a restart: " + unfinished);
    }
  }

  private void fillDisk() throws IOException {
    byte[] bundle = bytes(++last);
    disk.fill();
    Kind kind = refusal("unix:" + socket, last, bundle);
    require(kind == Kind.RESOURCE_EXHAUSTED, "with a full disk, publishing ended with " + kind);
    check();
    disk.clear();
    publish(last, bundle);
  }

  private void pause() {
    LockSupport.parkNanos(random.nextLong(MAX_DELAY_NANOS));
  }

  private byte[] truncated(byte[] bundle) {
    return Arrays.copyOf(bundle, 1 + random.nextInt(bundle.length - 1));
  }

  private byte[] damaged(byte[] bundle) {
    byte[] spoilt = bundle.clone();
    spoilt[random.nextInt(spoilt.length)] ^= (byte) (1 + random.nextInt(255));
    return spoilt;
  }

  private void publish(int version, byte[] bundle) {
    try (PolicyAdmin admin = PolicyAdmin.connect("unix:" + socket, Credentials.NONE)) {
      admin.publish(BenchPolicy.NAME, bundle, String.valueOf(version), List.of());
    }
    acknowledged.put(version, bundle);
  }

  /** Why a publication failed; null if it did not. */
  private static @Nullable Kind refusal(String address, int version, byte[] bundle) {
    try (PolicyAdmin admin = PolicyAdmin.connect(address, Credentials.NONE)) {
      admin.publish(BenchPolicy.NAME, bundle, String.valueOf(version), List.of());
      return null;
    } catch (GymException e) {
      return e.kind();
    }
  }

  /** Asks several times, and looks into the folder. */
  private void check() throws IOException {
    int newest = acknowledged.lastKey();
    try (RemotePolicy policy = RemotePolicy.connect("unix:" + socket + "/" + BenchPolicy.NAME)) {
      for (int i = 0; i < ANSWERS; i++) {
        policy.beginEpisode();
        Acted acted = policy.act(BenchPolicy.OBSERVATION, ActOptions.DETERMINISTIC);
        int version = Integer.parseInt(acted.versions().get(0));
        require(
            version >= newest,
            "version %d answers, %d was acknowledged".formatted(version, newest));
        require(
            acknowledged.containsKey(version) || possible.contains(version),
            "version %d answers, which nobody has published whole".formatted(version));
        require(
            policy(version).acts(ByteString.copyFrom(acted.actions().array().data())),
            "version %d acts as it should not".formatted(version));
      }
    }
    for (Map.Entry<Integer, byte[]> each : acknowledged.entrySet()) {
      Path file = home.resolve(each.getKey() + ".zip");
      require(
          Files.exists(file) && Arrays.equals(Files.readAllBytes(file), each.getValue()),
          "version %d was acknowledged, and its file is not what it was".formatted(each.getKey()));
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    disk.close();
  }
}
