package dev.weightcast.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files made byte by byte, so that they can be as wrong as a test wants them. */
final class RawFile {

  private RawFile() {}

  /** A file with the header's true length, the header, and so many bytes of data: 0, 1, 2, …. */
  static Path write(Path file, String header, int dataSize) throws IOException {
    return Files.write(file, bytes(header, dataSize));
  }

  static byte[] bytes(String header, int dataSize) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return bytes(json.length, json, dataSize);
  }

  static byte[] bytes(long statedLength, byte[] header, int dataSize) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + header.length + dataSize);
    bytes.order(ByteOrder.LITTLE_ENDIAN).putLong(statedLength).put(header);
    for (int i = 0; i < dataSize; i++) {
      bytes.put((byte) i);
    }
    return bytes.array();
  }

  /** One tensor's field of a header. */
  static String entry(String name, String dtype, String shape, String offsets) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, dtype, shape, offsets);
  }

  static String header(String... entries) {
    return "{" + String.join(",", entries) + "}";
  }
}
