package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.gymbridge.client.ActOptions;
import io.gymbridge.client.Acted;
import io.gymbridge.client.PolicyAdmin;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.proto.v1.PublishHeader;
import io.gymbridge.proto.v1.PublishPolicyRequest;
import io.gymbridge.proto.v1.PublishPolicyResponse;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import io.gymbridge.transport.Right;
import io.gymbridge.transport.ServerSecurity;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepositoryTest {
  private static final NdArray ONE = NdArray.of(new float[] {1, 1}, 1, 2);

  @TempDir private Path folder = Path.of("");
  private final List<AutoCloseable> open = new CopyOnWriteArrayList<>();
  private @Nullable Repository repository;
  private String address = "";

  @BeforeEach
  void serve() throws IOException {
    times(1, "1");
    serve(PublishGate.OPEN, PolicyServerOptions.DEFAULTS.withAllowPublish(true));
  }

  private void serve(PublishGate gate, PolicyServerOptions options) {
    Repository opened = Repository.open(folder, gate);
    PolicyServer server = PolicyServer.start("127.0.0.1:0", opened, options);
    repository = opened;
    address = server.address();
    open.add(server);
    open.add(opened);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    open.clear();
  }

  private void times(float factor, String version) throws IOException {
    TestBundles.times(factor).write(folder.resolve("times").resolve(version + ".zip"));
  }

  private PolicyAdmin admin() {
    return admin(Credentials.NONE);
  }

  private PolicyAdmin admin(Credentials credentials) {
    PolicyAdmin admin = PolicyAdmin.connect(address, credentials);
    open.add(0, admin);
    return admin;
  }

  private RemotePolicy policy() {
    RemotePolicy policy = RemotePolicy.connect(address + "/times");
    open.add(0, policy);
    return policy;
  }

  private static float ask(Policy policy) {
    return (float) policy.act(ONE, true).array().getDouble(0);
  }

  private static GymException fails(Kind kind, Runnable call) {
    GymException failure = assertThrows(GymException.class, call::run);
    assertEquals(kind, failure.kind(), failure.getMessage());
    return failure;
  }

  @Test
  void an_episode_keeps_the_version_that_it_began_with() {
    RemotePolicy old = policy();
    assertEquals(1, ask(old));
    assertEquals("1", old.version());
    PolicyAdmin.Published published = admin().publish("times", TestBundles.times(2).toBytes());
    assertEquals("2", published.version());
    assertEquals(1, ask(old));
    assertEquals(2, ask(policy()));
    old.beginEpisode();
    assertEquals(2, ask(old));
    assertEquals("2", old.version());
  }

  @Test
  void rows_of_one_stream_may_be_in_episodes_of_different_versions() {
    RemotePolicy policy = policy();
    NdArray two = NdArray.of(new float[] {1, 1, 1, 1}, 2, 2);
    assertEquals(1, policy.act(two, true).array().getDouble(2));
    admin().publish("times", TestBundles.times(2).toBytes());
    policy.beginEpisodes(new boolean[] {false, true});
    Acted mixed = policy.act(two, ActOptions.DETERMINISTIC);
    assertEquals(NdArray.of(new float[] {1, 1, 2, 2}, 2, 2), mixed.actions());
    assertEquals(List.of("1", "2"), mixed.versions());
  }

  @Test
  void a_spoilt_bundle_is_refused_and_the_old_version_stays() throws Exception {
    byte[] good = TestBundles.times(2).toBytes();
    byte[] cut = java.util.Arrays.copyOf(good, good.length / 2);
    assertTrue(
        fails(Kind.INVALID_ARGUMENT, () -> admin().publish("times", cut))
            .getMessage()
            .contains("cut short"));
    assertEquals(1, ask(policy()));
    assertEquals(List.of("1.zip"), files("times"));
    // And where somebody copies it into the folder:
    Files.write(folder.resolve("times").resolve("2.zip"), cut);
    lookUntil(() -> !admin().list().get(0).refused().isEmpty());
    assertEquals("1", admin().list().get(0).version());
    assertTrue(String.valueOf(admin().list().get(0).refused().get("2")).contains("cut short"));
    TestBundles.times(3).write(folder.resolve("times").resolve("2.zip"));
    lookUntil(() -> admin().list().get(0).refused().isEmpty());
    assertEquals(3, ask(policy()));
  }

  /** Has the repository look again, which it does by itself each second. */
  private void lookUntil(java.util.function.BooleanSupplier done) throws Exception {
    java.util.Objects.requireNonNull(repository).lookNow();
    assertTrue(done.getAsBoolean());
  }

  private List<String> files(String policy) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(policy))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void labels_and_a_canary_that_gets_its_share_of_episodes() {
    PolicyAdmin admin = admin();
    admin.publish("times", TestBundles.times(2).toBytes());
    admin.configure(
        "times", new PolicyAdmin.Lineup(2, List.of(), Map.of("stable", "1", "canary", "2"), 0.25));
    Map<Float, Integer> counts = new TreeMap<>();
    RemotePolicy policy = policy();
    for (int episode = 0; episode < 100; episode++) {
      policy.beginEpisode();
      float first = ask(policy);
      assertEquals(first, ask(policy));
      counts.merge(first, 1, Integer::sum);
    }
    assertEquals(25, counts.getOrDefault(2f, 0), 1.0);
    for (Map.Entry<String, String> label : Map.of("canary", "2", "stable", "1").entrySet()) {
      ActOptions options = ActOptions.DETERMINISTIC.withVersion(label.getKey());
      assertEquals(List.of(label.getValue()), policy.act(ONE, options).versions());
    }
    ActOptions third = ActOptions.DETERMINISTIC.withVersion("3");
    assertTrue(fails(Kind.NOT_FOUND, () -> policy.act(ONE, third)).getMessage().contains("[1, 2]"));
    fails(
        Kind.INVALID_ARGUMENT,
        () ->
            admin.configure(
                "times", new PolicyAdmin.Lineup(1, List.of(), Map.of("stable", "9"), 0)));
  }

  @Test
  void a_server_that_starts_again_has_what_was_published_and_as_what() throws Exception {
    PolicyAdmin admin = admin();
    admin.publish("times", TestBundles.times(2).toBytes(), "7", List.of("stable"));
    admin.publish("new", TestBundles.times(5).toBytes());
    Path left = Files.createTempFile(folder.resolve("times"), ".publishing-", ".tmp");
    close();
    serve(PublishGate.OPEN, PolicyServerOptions.DEFAULTS);
    assertFalse(Files.exists(left));
    List<PolicyAdmin.Summary> list = admin().list();
    assertEquals(List.of("new", "times"), list.stream().map(PolicyAdmin.Summary::name).toList());
    assertEquals("7", list.get(1).version());
    assertEquals(Map.of("stable", "7"), list.get(1).labels());
  }

  @Test
  void the_same_may_be_published_twice_and_another_not_under_its_name() {
    PolicyAdmin admin = admin();
    byte[] two = TestBundles.times(2).toBytes();
    String digest = admin.publish("times", two, "2", List.of()).digest();
    assertEquals(digest, admin.publish("times", two, "2", List.of()).digest());
    fails(
        Kind.FAILED_PRECONDITION,
        () -> admin.publish("times", TestBundles.times(3).toBytes(), "2", List.of()));
    fails(Kind.INVALID_ARGUMENT, () -> admin.publish("../times", two, "2", List.of()));
    fails(
        Kind.INVALID_ARGUMENT,
        () -> admin.publish("times", TestBundles.network(3, 4, 2).toBytes()));
  }

  @Test
  void what_plays_worse_than_the_version_in_service_is_refused() throws Exception {
    close();
    List<Float> asked = new ArrayList<>();
    PublishGate gate =
        (String name, Policy candidate, @Nullable Policy inService) -> {
          float mine = ask(candidate);
          asked.add(mine);
          if (inService != null && mine < ask(inService)) {
            throw new GymException(Kind.FAILED_PRECONDITION, "it is smaller");
          }
          return List.of("plays " + mine);
        };
    serve(gate, PolicyServerOptions.DEFAULTS.withAllowPublish(true));
    assertTrue(
        admin().publish("times", TestBundles.times(3).toBytes()).checks().contains("plays 3.0"));
    fails(Kind.FAILED_PRECONDITION, () -> admin().publish("times", TestBundles.times(2).toBytes()));
    assertEquals(3, ask(policy()));
    assertEquals(List.of(1f, 3f, 2f), asked);
  }

  @Test
  void rights_are_what_a_token_gives() throws Exception {
    String act = "actactactactactact";
    String publish = "publishpublishpublish";
    String admin = "adminadminadminadmin";
    close();
    ServerSecurity security =
        ServerSecurity.LOCAL.withTokens(
            Map.of(
                act, Set.of(Right.ACT),
                publish, Set.of(Right.ACT, Right.PUBLISH),
                admin, Set.of(Right.ACT, Right.ADMIN)));
    serve(PublishGate.OPEN, PolicyServerOptions.DEFAULTS.withSecurity(security));
    PolicyAdmin.Lineup lineup = new PolicyAdmin.Lineup(2, List.of(), Map.of(), 0);
    byte[] bundle = TestBundles.times(2).toBytes();
    fails(Kind.PERMISSION_DENIED, () -> admin().list());
    PolicyAdmin acting = admin(Credentials.NONE.withToken(act));
    assertEquals(1, acting.list().size());
    fails(Kind.PERMISSION_DENIED, () -> acting.publish("times", bundle));
    fails(Kind.PERMISSION_DENIED, () -> acting.configure("times", lineup));
    PolicyAdmin publishing = admin(Credentials.NONE.withToken(publish));
    publishing.publish("times", bundle);
    fails(Kind.PERMISSION_DENIED, () -> publishing.configure("times", lineup));
    admin(Credentials.NONE.withToken(admin)).configure("times", lineup);
    close();
    serve(PublishGate.OPEN, PolicyServerOptions.DEFAULTS);
    assertTrue(
        fails(Kind.PERMISSION_DENIED, () -> admin().publish("times", bundle))
            .getMessage()
            .contains("--allow-publish"));
  }

  @Test
  void a_request_that_promises_more_than_it_brings_ends_no_episode() throws Exception {
    Answers<ActStreamResponse> answers = new Answers<>();
    StreamObserver<ActStreamRequest> stream =
        PolicyServiceGrpc.newStub(channel()).actStream(answers);
    ValueCodec codec = new ValueCodec(TestBundles.times(1).manifest().observationSpace());
    ActRequest good =
        ActRequest.newBuilder()
            .setPolicy("times")
            .setBatchSize(1)
            .setObservations(codec.encode(ONE, 1, "observations"))
            .build();
    ActRequest bad = good.toBuilder().setBatchSize(1 << 20).build();
    stream.onNext(ActStreamRequest.newBuilder().setSequence(1).setAct(good).build());
    assertEquals("1", answers.next().getActed().getVersion());
    admin().publish("times", TestBundles.times(2).toBytes());
    stream.onNext(ActStreamRequest.newBuilder().setSequence(2).setAct(bad).build());
    GymException refusal = Statuses.decode(answers.next().getError());
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    assertTrue(refusal.getMessage().contains("observations"), refusal.getMessage());
    stream.onNext(ActStreamRequest.newBuilder().setSequence(3).setAct(good).build());
    assertEquals("1", answers.next().getActed().getVersion());
    stream.onCompleted();
  }

  @Test
  void a_bundle_that_stops_on_its_way_is_given_up() throws Exception {
    Answers<PublishPolicyResponse> answers = new Answers<>();
    StreamObserver<PublishPolicyRequest> publisher =
        PolicyServiceGrpc.newStub(channel()).publishPolicy(answers);
    publisher.onNext(
        PublishPolicyRequest.newBuilder()
            .setHeader(PublishHeader.newBuilder().setPolicy("times").setSize(100))
            .build());
    Repository held = java.util.Objects.requireNonNull(repository);
    while (!answers.failure.isDone()) {
      // Until the header has arrived there is nothing to give up.
      held.endSilent(
          System.nanoTime() + TimeUnit.SECONDS.toNanos(held.arriving().isEmpty() ? 0 : 61));
      Thread.onSpinWait();
    }
    GymException refusal = Statuses.decode(answers.failure.get(30, TimeUnit.SECONDS));
    assertEquals(Kind.DEADLINE_EXCEEDED, refusal.kind());
    assertTrue(held.arriving().isEmpty());
    assertEquals("2", admin().publish("times", TestBundles.times(2).toBytes()).version());
  }

  @Test
  void four_bundles_may_be_on_their_way_at_a_time() throws Exception {
    byte[] bundle = TestBundles.times(2).toBytes();
    PublishPolicyRequest header =
        PublishPolicyRequest.newBuilder()
            .setHeader(PublishHeader.newBuilder().setPolicy("times").setSize(bundle.length))
            .build();
    PolicyServiceGrpc.PolicyServiceStub policies = PolicyServiceGrpc.newStub(channel());
    List<StreamObserver<PublishPolicyRequest>> publishers = new ArrayList<>();
    List<Answers<PublishPolicyResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      answers.add(new Answers<>());
      publishers.add(policies.publishPolicy(answers.get(i)));
      publishers.get(i).onNext(header);
    }
    // Which of them came last, nobody says.
    Object refused =
        CompletableFuture.anyOf(
                answers.stream().map(each -> each.failure).toArray(CompletableFuture[]::new))
            .get(30, TimeUnit.SECONDS);
    GymException refusal = Statuses.decode((Throwable) refused);
    assertEquals(Kind.RESOURCE_EXHAUSTED, refusal.kind());
    assertTrue(refusal.getMessage().startsWith("4 bundles"), refusal.getMessage());
    int other = answers.get(0).failure.isDone() ? 1 : 0;
    publishers.get(other).onError(new IllegalStateException("given up"));
    String version = "";
    for (int i = 0; i < 10_000 && version.isEmpty(); i++) {
      try {
        version = admin().publish("times", bundle).version();
      } catch (GymException e) {
        // Until the server has seen that one was given up.
        assertEquals(Kind.RESOURCE_EXHAUSTED, e.kind());
      }
    }
    assertEquals("2", version);
  }

  private ManagedChannel channel() {
    ManagedChannel channel = Channels.open(Address.parse(address));
    open.add(0, channel::shutdownNow);
    return channel;
  }

  /** What a stream answers, and how it fails. */
  private static final class Answers<T> implements StreamObserver<T> {
    private final BlockingQueue<T> all = new LinkedBlockingQueue<>();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

    T next() throws InterruptedException {
      return Objects.requireNonNull(all.poll(30, TimeUnit.SECONDS), "no answer");
    }

    @Override
    public void onNext(T answer) {
      all.add(answer);
    }

    @Override
    public void onError(Throwable reason) {
      failure.complete(reason);
    }

    @Override
    public void onCompleted() {
      // What was answered counts.
    }
  }
}
