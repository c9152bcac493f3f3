package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.CallRequest;
import io.gymbridge.proto.v1.DType;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.Item;
import io.gymbridge.proto.v1.ItemList;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.RenderRequest;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.RestoreStateRequest;
import io.gymbridge.proto.v1.SaveStateRequest;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.proto.v1.Tensor;
import io.gymbridge.transport.Address;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What no client of ours sends: each message gets a status, and the server lives on. The system
 * property {@code gymbridge.malformed} says how many of each kind.
 */
class MalformedMessagesTest {
  private static final int COUNT = Integer.getInteger("gymbridge.malformed", 100);

  private final Served served = Served.of(ServeOptions.DEFAULTS, Served.javaEnvironments());
  private final Client client = new Client(served.address());

  @AfterEach
  void stop() {
    client.close();
    served.close();
  }

  private OpenSessionResponse open() {
    return client.stub.openSession(Client.lanes(2).setEnvId("CartPole-v1").build());
  }

  /** Bytes as they are. */
  private enum Raw implements MethodDescriptor.Marshaller<byte[]> {
    MARSHALLER;

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Sends messages of any bytes to a method, and waits for the call's end. */
  private Status call(MethodDescriptor<?, ?> method, byte[]... messages) {
    ClientCall<byte[], byte[]> call =
        client.channel.newCall(
            method.toBuilder(Raw.MARSHALLER, Raw.MARSHALLER).build(),
            CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS));
    CompletableFuture<Status> end = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status);
          }
        },
        new Metadata());
    call.request(Integer.MAX_VALUE);
    for (byte[] message : messages) {
      call.sendMessage(message);
    }
    call.halfClose();
    return end.join();
  }

  private static byte[] randomBytes(Random random) {
    byte[] bytes = new byte[random.nextInt(200)];
    random.nextBytes(bytes);
    return bytes;
  }

  @Test
  void bytes_that_are_no_message_are_refused() {
    byte[] nonsense = {(byte) 0xFF, (byte) 0xFF, 3};
    for (MethodDescriptor<?, ?> method :
        EnvironmentServiceGrpc.getServiceDescriptor().getMethods().stream().toList()) {
      if (method.getFullMethodName().endsWith("ListEnvironments")) {
        continue;
      }
      Status status = call(method, nonsense);
      assertEquals(Code.INVALID_ARGUMENT, status.getCode(), method + ": " + status);
      assertTrue(
          String.valueOf(status.getDescription()).contains("3 bytes"), String.valueOf(status));
    }
  }

  @Test
  void random_bytes_in_valid_frames_get_a_status() {
    Random random = new Random(1);
    OpenSessionResponse session = open();
    Client.Stream stream = client.attached(session, 0);
    stream.reset();
    var methods = EnvironmentServiceGrpc.getServiceDescriptor().getMethods().stream().toList();
    for (int i = 0; i < COUNT; i++) {
      for (MethodDescriptor<?, ?> method : methods) {
        Status status = call(method, randomBytes(random));
        assertNotEquals(Code.INTERNAL, status.getCode(), String.valueOf(status));
        assertNotEquals(Code.DEADLINE_EXCEEDED, status.getCode());
      }
    }
    assertTrue(stream.step(0, 1).hasStep());
  }

  @Test
  void random_requests_of_the_right_kind_get_an_answer_each() {
    Random random = new Random(2);
    OpenSessionResponse session = open();
    Client.Stream stream = client.attached(session, 0);
    stream.reset();
    for (int i = 0; i < COUNT; i++) {
      InteractRequest request = request(random);
      InteractResponse response = stream.ask(request.toBuilder());
      assertNotEquals(Code.INTERNAL.value(), response.getError().getCode(), response.toString());
      if (response.getError().getCode() == Code.UNKNOWN.value()) {
        throw new AssertionError(request + " → " + response);
      }
    }
    stream.reset();
    assertTrue(stream.step(0, 1).hasStep());
  }

  @Test
  void random_openings_get_a_status() {
    Random random = new Random(3);
    for (int i = 0; i < COUNT; i++) {
      OpenSessionRequest request =
          OpenSessionRequest.newBuilder()
              .setProtocolRevision(random.nextInt(8) == 0 ? random.nextInt() : 1)
              .setEnvId(random.nextInt(4) == 0 ? text(random) : "FrozenLake-v1")
              .setNumEnvs(random.nextBoolean() ? 1 : random.nextInt())
              .setAutoresetModeValue(random.nextInt(4) == 0 ? random.nextInt() : 1)
              .setKwargs(map(random, 2))
              .setMaxShards(random.nextInt())
              .setLeaseSeconds(random.nextInt(4) == 0 ? random.nextGaussian() : 0)
              .build();
      Status status = call(EnvironmentServiceGrpc.getOpenSessionMethod(), request.toByteArray());
      assertNotEquals(Code.INTERNAL, status.getCode(), status + " for " + request);
      assertNotEquals(Code.UNKNOWN, status.getCode(), status + " for " + request);
      assertNotEquals(Code.DEADLINE_EXCEEDED, status.getCode());
    }
  }

  private static InteractRequest request(Random random) {
    InteractRequest.Builder request = InteractRequest.newBuilder();
    switch (random.nextInt(7)) {
      case 0, 1 -> request.setStep(StepRequest.newBuilder().setActions(buffers(random)));
      case 2 ->
          request.setReset(
              ResetRequest.newBuilder()
                  .setSeeds(bytes(random, 16))
                  .setSeedMask(bytes(random, 2))
                  .setResetMask(bytes(random, 2))
                  .setOptions(map(random, 3)));
      case 3 -> request.setRender(RenderRequest.newBuilder().addLanes(random.nextInt()));
      case 4 -> request.setSaveState(SaveStateRequest.newBuilder().addLanes(random.nextInt(4)));
      case 5 ->
          request.setRestoreState(
              RestoreStateRequest.newBuilder()
                  .addLanes(random.nextInt(2))
                  .addStates(bytes(random, 100)));
      default -> request.setCall(CallRequest.newBuilder().setName(text(random)));
    }
    return request.build();
  }

  private static Buffers buffers(Random random) {
    Buffers.Builder buffers = Buffers.newBuilder();
    int count = random.nextInt(2) == 0 ? 1 : random.nextInt(40);
    for (int i = 0; i < count; i++) {
      buffers.addBuffers(bytes(random, 16));
    }
    return buffers.build();
  }

  /** Random bytes, often of the right number. */
  private static ByteString bytes(Random random, int right) {
    byte[] bytes = new byte[random.nextBoolean() ? right : random.nextInt(2 * right)];
    if (random.nextBoolean()) {
      random.nextBytes(bytes);
    }
    return ByteString.copyFrom(bytes);
  }

  private static String text(Random random) {
    return random
        .ints(random.nextInt(300), 0, 0xD7FF)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static ItemMap map(Random random, int depth) {
    ItemMap.Builder map = ItemMap.newBuilder();
    for (int i = random.nextInt(3); i > 0; i--) {
      map.putItems(
          random.nextBoolean() ? "is_slippery" : random.nextBoolean() ? "desc" : text(random),
          item(random, depth));
    }
    return map.build();
  }

  private static Item item(Random random, int depth) {
    Item.Builder item = Item.newBuilder();
    switch (random.nextInt(depth > 0 ? 8 : 6)) {
      case 0 -> item.setNullValue(0);
      case 1 -> item.setBoolean(true);
      case 2 -> item.setInteger(random.nextLong());
      case 3 -> item.setReal(Double.NaN);
      case 4 -> item.setText(text(random));
      case 5 -> item.setTensor(tensor(random));
      case 6 -> item.setList(ItemList.newBuilder().addItems(item(random, depth - 1)));
      default -> item.setMap(map(random, depth - 1));
    }
    return item.build();
  }

  /** Mostly with a shape that promises more than there is, up to beyond all memory. */
  private static Tensor tensor(Random random) {
    Tensor.Builder tensor = Tensor.newBuilder().setDtypeValue(random.nextInt(15));
    for (int i = random.nextInt(5); i > 0; i--) {
      tensor.addShape(random.nextBoolean() ? random.nextInt(4) : random.nextLong());
    }
    if (random.nextInt(4) == 0) {
      tensor.setDtype(DType.DTYPE_UINT8).clearShape().addShape(3);
    }
    return tensor.setData(bytes(random, 3)).build();
  }

  @Test
  void bytes_that_are_not_http2_close_their_own_connection_only() throws IOException {
    Random random = new Random(4);
    OpenSessionResponse session = open();
    Client.Stream stream = client.attached(session, 0);
    stream.reset();
    Address.Unix unix = (Address.Unix) Address.parse(served.address());
    for (int i = 0; i < COUNT; i++) {
      try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        socket.connect(UnixDomainSocketAddress.of(unix.path()));
        byte[] bytes = new byte[100 + random.nextInt(1000)];
        random.nextBytes(bytes);
        socket.write(ByteBuffer.wrap(bytes));
        socket.shutdownOutput();
        ByteBuffer answer = ByteBuffer.allocate(1 << 16);
        while (socket.read(answer) >= 0) {
          answer.clear();
        }
      } catch (IOException e) {
        // Reset by the server, as it may be.
      }
      assertTrue(stream.step(0, 1).hasStep());
    }
    try (EnvironmentServer tcp =
            EnvironmentServer.start("127.0.0.1:0", "Counting", () -> ScriptedEnv.ofLength(9));
        Socket socket =
            new Socket(
                InetAddress.getLoopbackAddress(),
                ((Address.Tcp) Address.parse(tcp.address())).port());
        Client other = new Client(tcp.address())) {
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readAllBytes();
      assertTrue(answer.length < 1000);
      assertEquals(1, other.open(1).getNumEnvs());
    }
  }
}
