package dev.weightcast.rendezvous.internal;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Map;

/**
 * Lets a side notice that the other vanished without a word, in about a minute. A process that is
 * stopped has not vanished: its system answers for it.
 */
final class KeepAlive {

  // By name, so that a run time without the module jdk.net works too, with the system's own times.
  private static final Map<String, Integer> SECONDS =
      Map.of("TCP_KEEPIDLE", 30, "TCP_KEEPINTERVAL", 10, "TCP_KEEPCOUNT", 3);

  private KeepAlive() {}

  static void enable(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    for (SocketOption<?> option : channel.supportedOptions()) {
      Integer value = SECONDS.get(option.name());
      if (value != null && option.type() == Integer.class) {
        @SuppressWarnings("unchecked") // its type was looked at just before
        SocketOption<Integer> number = (SocketOption<Integer>) option;
        channel.setOption(number, value);
      }
    }
  }
}
