package io.gymbridge.transport;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Names that gRPC resolves to a list of servers that is in the name itself. */
final class ServerList extends NameResolverProvider {
  private static final String SCHEME = "gymbridge-servers";

  static {
    NameResolverRegistry.getDefaultRegistry().register(new ServerList());
  }

  /** The name of these servers. */
  static String target(List<Address.Tcp> servers) {
    return SCHEME + ":///" + String.join(",", servers.stream().map(Address.Tcp::toString).toList());
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return 0;
  }

  @Override
  public String getDefaultScheme() {
    return SCHEME;
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }

  @Override
  public @Nullable NameResolver newNameResolver(URI name, NameResolver.Args arguments) {
    if (!SCHEME.equals(name.getScheme())) {
      return null;
    }
    List<Address.Tcp> servers = new ArrayList<>();
    for (String each : name.getPath().substring(1).split(",", -1)) {
      servers.add((Address.Tcp) Address.parse(each));
    }
    return new Resolver(servers);
  }

  /** Looks up the hosts whenever it is asked. */
  private static final class Resolver extends NameResolver {
    private final List<Address.Tcp> servers;
    private @Nullable Listener2 listener;

    Resolver(List<Address.Tcp> servers) {
      this.servers = servers;
    }

    @Override
    public String getServiceAuthority() {
      return servers.get(0).host();
    }

    @Override
    public void start(Listener2 told) {
      listener = told;
      resolve();
    }

    @Override
    public void refresh() {
      resolve();
    }

    private void resolve() {
      List<EquivalentAddressGroup> groups =
          servers.stream()
              .map(
                  server ->
                      new EquivalentAddressGroup(
                          new InetSocketAddress(server.host(), server.port())))
              .toList();
      if (listener != null) {
        listener.onResult(
            ResolutionResult.newBuilder().setAddressesOrError(StatusOr.fromValue(groups)).build());
      }
    }

    @Override
    public void shutdown() {
      listener = null;
    }
  }
}
