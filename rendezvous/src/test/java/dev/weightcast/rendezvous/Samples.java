package dev.weightcast.rendezvous;

import dev.weightcast.api.UniqueId;
import java.util.Random;

/** Small things that many tests need. */
final class Samples {

  private Samples() {}

  static UniqueId id(Random random) {
    byte[] bytes = new byte[UniqueId.BYTES];
    random.nextBytes(bytes);
    return UniqueId.of(bytes);
  }

  static TcpStoreServer server() {
    return server(TcpStoreServerOptions.defaults());
  }

  static TcpStoreServer server(TcpStoreServerOptions options) {
    return TcpStoreServer.bind("127.0.0.1", 0, options);
  }
}
