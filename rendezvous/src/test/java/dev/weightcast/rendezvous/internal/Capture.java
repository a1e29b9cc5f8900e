package dev.weightcast.rendezvous.internal;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** The captured exchanges between torch's own client and server. */
public final class Capture {

  /** Bytes in one direction. */
  record Message(boolean fromClient, byte[] bytes) {}

  /** One operation and what was said for it, in order. */
  record Exchange(String operation, List<Message> messages) {

    byte[] from(boolean client) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      messages.stream()
          .filter(message -> message.fromClient() == client)
          .forEach(message -> all.writeBytes(message.bytes()));
      return all.toByteArray();
    }
  }

  private Capture() {}

  static List<Exchange> of(String backend) {
    List<Exchange> exchanges = new ArrayList<>();
    boolean here = false;
    for (String line : lines("/tcpstore-torch-2.11.txt")) {
      String[] parts = line.split(" ", 2);
      switch (parts[0]) {
        case "backend" -> here = parts[1].equals(backend);
        case "op" -> {
          if (here) {
            exchanges.add(new Exchange(parts[1], new ArrayList<>()));
          }
        }
        case "c2s", "s2c" -> {
          if (here) {
            Message message = new Message(parts[0].equals("c2s"), hex(parts[1]));
            exchanges.get(exchanges.size() - 1).messages().add(message);
          }
        }
        default -> {}
      }
    }
    return exchanges;
  }

  public static List<String> lines(String resource) {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Capture.class.getResourceAsStream(resource), StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.startsWith("#")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] hex(String text) {
    String[] parts = text.split(" 00\\*", 2);
    byte[] head = HexFormat.of().parseHex(parts[0]);
    int zeros = parts.length == 1 ? 0 : Integer.parseInt(parts[1]);
    return java.util.Arrays.copyOf(head, head.length + zeros);
  }
}
