package dev.weightcast.rendezvous.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.Deadline;
import dev.weightcast.rendezvous.Replayable;
import dev.weightcast.rendezvous.TcpStoreClient;
import dev.weightcast.rendezvous.TcpStoreServer;
import dev.weightcast.rendezvous.TcpStoreServerOptions;
import java.io.DataInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our server says byte for byte what torch's servers said to torch's client. */
class ServerReplayTest {

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(30));

  @ParameterizedTest
  @CsvSource({
    "libuv,WHOLE,1", "libuv,BYTE_BY_BYTE,1", "libuv,RANDOM,40",
    "legacy,WHOLE,1", "legacy,BYTE_BY_BYTE,1", "legacy,RANDOM,40",
    "join,WHOLE,1", "join,BYTE_BY_BYTE,1", "join,RANDOM,10"
  })
  void our_server_against_recorded_client_bytes(String backend, Segmentation cut, int rounds)
      throws Exception {
    for (int seed = 0; seed < rounds; seed++) {
      System.out.println("seed " + seed);
      try (TcpStoreServer server =
              TcpStoreServer.bind("127.0.0.1", 0, TcpStoreServerOptions.defaults());
          Socket socket = new Socket("127.0.0.1", server.port())) {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(20_000);
        prepare(server, backend);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        Random random = new Random(seed);
        for (Capture.Exchange exchange : Capture.of(backend)) {
          for (Capture.Message message : exchange.messages()) {
            if (message.fromClient()) {
              cut.write(socket.getOutputStream(), message.bytes(), random);
              if (exchange.operation().equals("wait late (woken)")) {
                setFromElsewhere(server, "late", "now");
              }
            } else {
              byte[] said = new byte[message.bytes().length];
              in.readFully(said);
              assertThat(said).as(exchange.operation()).isEqualTo(message.bytes());
            }
          }
        }
        assertThat(in.available()).as("bytes that torch did not send").isZero();
      }
    }
  }

  private void prepare(TcpStoreServer server, String backend) {
    if (backend.equals("join")) {
      try (TcpStoreClient other = TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
        Replayable.join(other, deadline);
      }
      setFromElsewhere(server, "broadcast_from/0/0", "hello");
    }
  }

  private void setFromElsewhere(TcpStoreServer server, String key, String value) {
    try (TcpStoreClient other = TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
      other.set(key, value.getBytes(StandardCharsets.UTF_8), deadline);
      other.ping(deadline);
    }
  }
}
