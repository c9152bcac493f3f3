package io.gymbridge.client;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.proto.v1.AttachResponse;
import io.gymbridge.proto.v1.CloseSessionRequest;
import io.gymbridge.proto.v1.CloseSessionResponse;
import io.gymbridge.proto.v1.DescribeSessionRequest;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ServerSecurity;
import io.gymbridge.transport.Servers;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a client and a server of environments, and passes on their messages, but for what
 * goes wrong on the way.
 */
final class FaultyProxy extends EnvironmentServiceGrpc.EnvironmentServiceImplBase
    implements AutoCloseable {

  /** What goes wrong, as a request passes. */
  enum Fault {
    /** The request is lost. */
    DROP_REQUEST,
    /** It arrives twice. */
    DUPLICATE_REQUEST,
    /** Its answer is lost. */
    DROP_ANSWER,
    /** Its answer arrives twice. */
    DUPLICATE_ANSWER,
    /** Its answer arrives when the client has asked again. */
    SLOW_ANSWER,
    /** The connection breaks before the request has passed. */
    CUT_BEFORE,
    /** The connection breaks when it has passed. */
    CUT_AFTER,
    /** The client sees the connection break, the server does not; the request comes late. */
    HALF_OPEN,
    /** Neither sees it break, and nothing passes any more. */
    SILENCE
  }

  private final ManagedChannel upstream;
  private final Address upstreamAddress;
  private final Map<String, Address> workers = new ConcurrentHashMap<>();
  private final Map<Address, ManagedChannel> channels = new ConcurrentHashMap<>();
  private final Map<Fault, Integer> counts = new EnumMap<>(Fault.class);
  private final Function<InteractRequest, @Nullable Fault> faults;
  private final Semaphore heartbeats = new Semaphore(0);
  private final Set<Passage> passages = ConcurrentHashMap.newKeySet();
  private volatile UnaryOperator<AttachResponse> onAttached = UnaryOperator.identity();
  private final long delayNanos;
  private final Server server;
  private final String address;

  /**
   * Begins to pass on.
   *
   * @param faults asked for every request but heartbeats, by one thread at a time
   * @param delayMillis how much too late things come
   */
  FaultyProxy(
      String upstream,
      Path directory,
      long delayMillis,
      Function<InteractRequest, @Nullable Fault> faults) {
    this.upstreamAddress = Address.parse(upstream);
    this.upstream = Channels.open(upstreamAddress);
    this.delayNanos = delayMillis * 1_000_000;
    this.faults = faults;
    Address listen = new Address.Unix(directory.resolve("proxy.sock"));
    this.server = Servers.builder(listen, ServerSecurity.LOCAL, List.of()).addService(this).build();
    this.address = Servers.start(server, listen).toString();
  }

  String address() {
    return address;
  }

  /** How often each fault was injected. */
  Map<Fault, Integer> counts() {
    synchronized (counts) {
      return new EnumMap<>(counts);
    }
  }

  /** A permit for each heartbeat that has come by. */
  Semaphore heartbeats() {
    return heartbeats;
  }

  /** Has what servers say of attached streams, shared memory for one, arrive otherwise. */
  void onAttached(UnaryOperator<AttachResponse> change) {
    onAttached = change;
  }

  /**
   * Breaks all streams.
   *
   * @param bothSides whether the server sees it too
   */
  void cut(boolean bothSides) {
    passages.forEach(passage -> passage.cut(bothSides));
  }

  @Override
  public void openSession(OpenSessionRequest request, StreamObserver<OpenSessionResponse> answer) {
    EnvironmentServiceGrpc.newStub(upstream).openSession(request, rewriting(answer));
  }

  @Override
  public void describeSession(
      DescribeSessionRequest request, StreamObserver<OpenSessionResponse> answer) {
    EnvironmentServiceGrpc.newStub(upstream).describeSession(request, rewriting(answer));
  }

  @Override
  public void closeSession(
      CloseSessionRequest request, StreamObserver<CloseSessionResponse> answer) {
    EnvironmentServiceGrpc.newStub(upstream).closeSession(request, answer);
  }

  /** All shards are here. */
  private StreamObserver<OpenSessionResponse> rewriting(
      StreamObserver<OpenSessionResponse> answer) {
    return new StreamObserver<>() {
      @Override
      public void onNext(OpenSessionResponse session) {
        OpenSessionResponse.Builder rewritten = session.toBuilder();
        for (Shard.Builder shard : rewritten.getShardsBuilderList()) {
          workers.put(shard.getToken(), upstreamAddress.resolve(shard.getAddress()));
          shard.setAddress("");
        }
        answer.onNext(rewritten.build());
      }

      @Override
      public void onError(Throwable t) {
        answer.onError(t);
      }

      @Override
      public void onCompleted() {
        answer.onCompleted();
      }
    };
  }

  @Override
  public StreamObserver<InteractRequest> interact(StreamObserver<InteractResponse> client) {
    Passage passage = new Passage(client);
    passages.add(passage);
    return passage;
  }

  @Override
  public void close() {
    server.shutdownNow();
    upstream.shutdownNow();
    channels.values().forEach(ManagedChannel::shutdownNow);
  }

  private synchronized @Nullable Fault next(InteractRequest request) {
    if (request.hasHeartbeat()) {
      heartbeats.release();
      return null;
    }
    Fault fault = faults.apply(request);
    if (fault != null) {
      synchronized (counts) {
        counts.merge(fault, 1, Integer::sum);
      }
    }
    return fault;
  }

  /** One stream of the client's, and the one that it leads to. */
  private final class Passage implements StreamObserver<InteractRequest> {
    private final StreamObserver<InteractResponse> client;
    private @Nullable ClientCallStreamObserver<InteractRequest> worker;
    private boolean clientGone;
    private boolean workerGone;
    private boolean silent;
    private @Nullable Fault onAnswer;

    Passage(StreamObserver<InteractResponse> client) {
      this.client = client;
    }

    @Override
    public synchronized void onNext(InteractRequest request) {
      if (clientGone || silent) {
        return;
      }
      if (worker == null && !connect(request)) {
        return;
      }
      Fault fault = next(request);
      if (fault == null) {
        pass(request);
        return;
      }
      switch (fault) {
        case DROP_REQUEST -> {}
        case DUPLICATE_REQUEST -> {
          pass(request);
          pass(request);
        }
        case DROP_ANSWER, DUPLICATE_ANSWER, SLOW_ANSWER -> {
          onAnswer = fault;
          pass(request);
        }
        case CUT_BEFORE -> cut(true);
        case CUT_AFTER -> {
          pass(request);
          cut(true);
        }
        case HALF_OPEN -> {
          cut(false);
          Background.later(() -> passLate(request), delayNanos);
        }
        case SILENCE -> silent = true;
      }
    }

    private boolean connect(InteractRequest attach) {
      Address at = workers.get(attach.getAttach().getToken());
      if (at == null) {
        clientGone = true;
        client.onError(Status.NOT_FOUND.asRuntimeException());
        return false;
      }
      EnvironmentServiceGrpc.newStub(channels.computeIfAbsent(at, Channels::open))
          .interact(new Answers());
      return true;
    }

    private void pass(InteractRequest request) {
      if (worker != null && !workerGone) {
        worker.onNext(request);
      }
    }

    private synchronized void passLate(InteractRequest request) {
      pass(request);
    }

    private synchronized void cut(boolean bothSides) {
      passages.remove(this);
      if (clientGone) {
        return;
      }
      clientGone = true;
      client.onError(Status.UNAVAILABLE.withDescription("cut by the proxy").asRuntimeException());
      if (bothSides) {
        cancelWorker();
      }
    }

    private void cancelWorker() {
      if (worker != null && !workerGone) {
        workerGone = true;
        worker.cancel("the client is gone", null);
      }
    }

    @Override
    public synchronized void onError(Throwable t) {
      clientGone = true;
      cancelWorker();
    }

    @Override
    public synchronized void onCompleted() {
      if (worker != null && !workerGone) {
        worker.onCompleted();
      }
    }

    private synchronized void answer(InteractResponse response) {
      if (clientGone || silent) {
        return;
      }
      Fault fault = response.hasHeartbeat() ? null : onAnswer;
      if (fault == null) {
        client.onNext(
            response.hasAttached()
                ? response.toBuilder().setAttached(onAttached.apply(response.getAttached())).build()
                : response);
        return;
      }
      onAnswer = null;
      switch (fault) {
        case DUPLICATE_ANSWER -> {
          client.onNext(response);
          client.onNext(response);
        }
        case SLOW_ANSWER -> Background.later(() -> answer(response), delayNanos);
        default -> {}
      }
    }

    private synchronized void end(@Nullable Throwable why) {
      workerGone = true;
      if (clientGone || silent) {
        return;
      }
      clientGone = true;
      if (why == null) {
        client.onCompleted();
      } else {
        client.onError(why);
      }
    }

    private final class Answers
        implements ClientResponseObserver<InteractRequest, InteractResponse> {
      @Override
      public void beforeStart(ClientCallStreamObserver<InteractRequest> requests) {
        worker = requests;
      }

      @Override
      public void onNext(InteractResponse response) {
        answer(response);
      }

      @Override
      public void onError(Throwable t) {
        end(t);
      }

      @Override
      public void onCompleted() {
        end(null);
      }
    }
  }
}
