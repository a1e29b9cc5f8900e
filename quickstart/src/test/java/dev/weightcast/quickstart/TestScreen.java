package dev.weightcast.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;

/** A screen that remembers. */
final class TestScreen {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  final Screen screen;

  TestScreen(boolean terminal) {
    screen =
        new Screen(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), terminal);
  }

  String out() {
    return out.toString(UTF_8);
  }

  List<String> lines() {
    return out().lines().toList();
  }

  String lastLine() {
    return lines().get(lines().size() - 1);
  }

  String err() {
    return err.toString(UTF_8);
  }
}
