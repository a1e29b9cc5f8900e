package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.Deadline;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Says nonsense to a server while a healthy client uses it. A million frames and another seed:
 * {@code -Dweightcast.fuzz.frames=1000000 -Dweightcast.fuzz.seed=1}.
 */
class TcpStoreServerFuzzTest {

  private static final int FRAMES = Integer.getInteger("weightcast.fuzz.frames", 100_000);
  private static final long SEED = Long.getLong("weightcast.fuzz.seed", 20_261_123);
  private static final long STORED = 16 << 20;
  private static final long BUFFERED = 4 << 20;

  private final Deadline deadline = Deadline.after(Duration.ofMinutes(15));
  private final Random random = new Random(SEED);
  private int sent;

  @Test
  @Timeout(1000)
  void nonsense_costs_its_own_connection_only_and_no_memory() throws Exception {
    System.out.println("seed " + SEED + ", " + FRAMES + " frames");
    TcpStoreServerOptions options =
        TcpStoreServerOptions.defaults()
            .withMaxStoredBytes(STORED)
            .withMaxBufferedBytes(1 << 20, BUFFERED);
    AtomicBoolean over = new AtomicBoolean();
    try (TcpStoreServer server = Samples.server(options)) {
      Background<Integer> healthy = Background.run(() -> useHealthily(server, over));
      long mostStored = 0;
      long mostBuffered = 0;
      while (sent < FRAMES) {
        attack(server);
        mostStored = Math.max(mostStored, server.storedBytes());
        mostBuffered = Math.max(mostBuffered, server.bufferedBytes());
      }
      over.set(true);
      assertThat(healthy.result()).as("rounds of the healthy client").isGreaterThan(100);
      assertThat(mostStored).isBetween(1L, STORED);
      // The rest of one read may be held on top.
      assertThat(mostBuffered).isLessThan(BUFFERED + (1 << 20));
      while (server.connections() > 0 || server.bufferedBytes() > 0) {
        assertThat(deadline.isExpired()).isFalse();
        Thread.sleep(2);
      }
    }
  }

  private int useHealthily(TcpStoreServer server, AtomicBoolean over) {
    int rounds = 0;
    byte[] value = new byte[100];
    try (TcpStoreClient client = TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
      while (!over.get()) {
        Deadline one = Deadline.after(Duration.ofSeconds(20));
        Arrays.fill(value, (byte) rounds);
        client.set("healthy client's own key", value, one);
        assertThat(client.get("healthy client's own key", one)).isEqualTo(value);
        rounds++;
      }
    }
    return rounds;
  }

  private void attack(TcpStoreServer server) throws IOException {
    RawClient client = new RawClient(server);
    try {
      if (random.nextInt(20) > 0) {
        client.write(RawClient.hello());
      }
      int frames = 1 + random.nextInt(60);
      ByteBuffer all = ByteBuffer.allocate(4 << 20);
      for (int i = 0; i < frames; i++) {
        byte[] frame = frame();
        if (all.remaining() < frame.length) {
          break;
        }
        all.put(frame);
        sent++;
      }
      send(client, Arrays.copyOf(all.array(), all.position()));
    } catch (IOException e) {
      // The server ended the connection in the middle, as it should.
    } finally {
      client.reset();
    }
  }

  private void send(RawClient client, byte[] bytes) throws IOException {
    int at = 0;
    while (at < bytes.length) {
      int step = Math.min(bytes.length - at, 1 + random.nextInt(1 << (4 + random.nextInt(14))));
      client.write(Arrays.copyOfRange(bytes, at, at + step));
      at += step;
    }
    if (random.nextInt(4) == 0) {
      // Some read what was answered, so that not every answer ends in a reset.
      client.read(Math.min(client.available(), 1000));
    }
  }

  private byte[] frame() {
    byte[] frame =
        switch (random.nextInt(20)) {
          case 0 -> noise(random.nextInt(300));
          case 1, 2 -> RawClient.keys(pick(5, 6, 10), key(), key(), key());
          case 3 -> new byte[] {(byte) pick(7, 12)};
          case 4 -> new byte[] {13, 1, 2, 3, 4};
          case 5, 6, 7, 8 -> RawClient.request(pick(3, 8), key());
          case 9 -> RawClient.request(2, key(), value(), value());
          case 10 -> add();
          case 11 -> RawClient.request(1, key(), noise(random.nextInt(60_000)));
          default -> RawClient.request(pick(1, 9), key(), value());
        };
    // One in forty is broken, so that most connections get far enough to be interesting.
    return random.nextInt(40) == 0 ? mutate(frame) : frame;
  }

  private byte[] add() {
    byte[] request = RawClient.request(4, "/n" + random.nextInt(4));
    return ByteBuffer.allocate(request.length + 8).put(request).putLong(random.nextLong()).array();
  }

  private byte[] mutate(byte[] frame) {
    byte[] mutated = frame.clone();
    for (int i = 1 + random.nextInt(3); i > 0 && mutated.length > 0; i--) {
      int at = random.nextInt(Math.min(mutated.length, 40));
      mutated[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : mutated[at] ^ 0x80);
    }
    return random.nextInt(3) == 0
        ? Arrays.copyOf(mutated, random.nextInt(frame.length + 1))
        : mutated;
  }

  private int pick(int... operations) {
    return operations[random.nextInt(operations.length)];
  }

  private String key() {
    return "/k" + random.nextInt(50);
  }

  private byte[] value() {
    return noise(random.nextInt(200));
  }

  private byte[] noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
