package dev.weightcast.backend.nccl;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * One other rank at the end of a socket: frames go out on one thread and come in on another, and
 * little fits between the two processes, so that a rank that does not read stops one that writes.
 */
final class SocketPeer implements AutoCloseable {

  static final int BUFFER = 32 << 10;

  private record Frame(byte[] bytes, Runnable sent) {}

  private final Socket socket;
  private final Runnable onEnd;
  private final BlockingQueue<Frame> outgoing = new LinkedBlockingQueue<>();
  private final BlockingQueue<byte[]> incoming = new ArrayBlockingQueue<>(1);
  private final Thread writer = new Thread(this::write, "wire-out");
  private final Thread reader = new Thread(this::read, "wire-in");

  /** A peer; whatever ends the connection is told to {@code onEnd}. */
  SocketPeer(Socket socket, Runnable onEnd) {
    this.socket = socket;
    this.onEnd = onEnd;
    for (Thread thread : new Thread[] {writer, reader}) {
      thread.setDaemon(true);
      thread.start();
    }
  }

  void send(byte[] bytes, Runnable sent) {
    outgoing.add(new Frame(bytes, sent));
  }

  /** What has come, or null. */
  byte[] poll() {
    return incoming.poll();
  }

  private void write() {
    try {
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      while (true) {
        Frame frame = outgoing.take();
        out.writeInt(frame.bytes().length);
        out.write(frame.bytes());
        out.flush();
        frame.sent().run();
      }
    } catch (IOException | InterruptedException e) {
      onEnd.run();
    }
  }

  private void read() {
    try {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (true) {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        incoming.put(bytes);
      }
    } catch (IOException | InterruptedException e) {
      onEnd.run();
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    writer.interrupt();
    reader.interrupt();
  }
}
