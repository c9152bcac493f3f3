package io.gymbridge.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** The kind of socket for an address: epoll where its native part loads, else the JDK's own. */
final class Sockets {
  private static final boolean EPOLL = epollLoads();

  private Sockets() {}

  private static boolean epollLoads() {
    return Epoll.isAvailable();
  }

  /** Event loops on daemon threads. */
  static EventLoopGroup eventLoops(int threads, String name) {
    IoHandlerFactory io = EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), io);
  }

  static Class<? extends Channel> channel(Address address) {
    if (address instanceof Address.Unix) {
      return EPOLL ? EpollDomainSocketChannel.class : NioDomainSocketChannel.class;
    }
    return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  static Class<? extends ServerChannel> serverChannel(Address address) {
    if (address instanceof Address.Unix) {
      return EPOLL ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class;
    }
    return EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  static SocketAddress socketAddress(Address address) {
    if (address instanceof Address.Unix unix) {
      return EPOLL
          ? new DomainSocketAddress(unix.path().toString())
          : UnixDomainSocketAddress.of(unix.path());
    }
    Address.Tcp tcp = (Address.Tcp) address;
    return new InetSocketAddress(tcp.host(), tcp.port());
  }
}
