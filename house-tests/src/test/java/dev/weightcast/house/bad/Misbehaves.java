package dev.weightcast.house.bad;

import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.util.logging.Logger;

/** One method for each rule about what code does. */
final class Misbehaves {

  private Misbehaves() {}

  static void throwsRaw() {
    throw new RuntimeException("what may that mean?");
  }

  static void declaresRaw() throws Exception {}

  static void prints() {
    System.out.println("hello");
  }

  static void printsTheStack(IOException e) {
    e.printStackTrace();
  }

  static void logsElsewhere() {
    Logger.getLogger("x").info("hello");
  }

  static void sleeps() throws InterruptedException {
    Thread.sleep(1);
  }

  static Object deserialises(InputStream in) throws IOException, ClassNotFoundException {
    return new ObjectInputStream(in).readObject();
  }

  static void ends() {
    System.exit(1);
  }
}
