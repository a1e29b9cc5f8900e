package dev.weightcast.rendezvous;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A socket that says to a server whatever a test wants it to say. */
final class RawClient implements AutoCloseable {

  private final Socket socket;
  private final DataInputStream in;

  RawClient(TcpStoreServer server) throws IOException {
    socket = new Socket("127.0.0.1", server.port());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(20_000);
    in = new DataInputStream(socket.getInputStream());
  }

  /** One that has introduced itself already. */
  static RawClient greeted(TcpStoreServer server) throws IOException {
    RawClient client = new RawClient(server);
    client.write(hello());
    return client;
  }

  static byte[] hello() {
    return new byte[] {0, (byte) 0xce, (byte) 0xf7, (byte) 0x85, 0x3c};
  }

  static byte[] request(int operation, String key, byte[]... values) {
    int size = 1 + 8 + key.length();
    for (byte[] value : values) {
      size += 8 + value.length;
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.put((byte) operation).putLong(key.length());
    out.put(key.getBytes(StandardCharsets.ISO_8859_1));
    for (byte[] value : values) {
      out.putLong(value.length).put(value);
    }
    return out.array();
  }

  /** A request of several keys. */
  static byte[] keys(int operation, String... keys) {
    int size = 1 + 8;
    for (String key : keys) {
      size += 8 + key.length();
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.put((byte) operation).putLong(keys.length);
    for (String key : keys) {
      out.putLong(key.length()).put(key.getBytes(StandardCharsets.ISO_8859_1));
    }
    return out.array();
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Writes what the server may refuse in the middle. */
  void offer(byte[] bytes) {
    try {
      write(bytes);
    } catch (IOException e) {
      // It was refused.
    }
  }

  byte[] read(int count) throws IOException {
    byte[] bytes = new byte[count];
    in.readFully(bytes);
    return bytes;
  }

  int available() throws IOException {
    return in.available();
  }

  /** Reads until the server ends the connection, and says how many bytes came before. */
  long readToEnd() {
    long count = 0;
    try {
      byte[] buffer = new byte[64 << 10];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        count += n;
      }
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("the server did not end the connection", e);
    } catch (IOException e) {
      // A reset is an end too.
    }
    return count;
  }

  /** Ends it without a word, so that no port is kept waiting afterwards. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
