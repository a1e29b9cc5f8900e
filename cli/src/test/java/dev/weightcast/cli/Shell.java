package dev.weightcast.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CompletableFuture;

/** Runs commands in this JVM, on a terminal that remembers. */
final class Shell {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Terminal terminal;

  private Shell(boolean redraws) {
    terminal =
        new Terminal(
            new PrintWriter(out, true), new PrintWriter(err, true), redraws, new Interruption());
  }

  static Shell ofLog() {
    return new Shell(false);
  }

  static Shell ofTerminal() {
    return new Shell(true);
  }

  /** What came of one command. */
  record Result(int code, String out, String err) {}

  static Result run(String... words) {
    return ofLog().call(words);
  }

  Result call(String... words) {
    int code;
    try {
      code = Main.run(terminal, words);
    } finally {
      terminal.interruption().finished();
    }
    return new Result(code, out.toString(), err.toString());
  }

  /** Runs it on a thread of its own, as another process would. */
  CompletableFuture<Result> start(String... words) {
    CompletableFuture<Result> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(call(words));
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            },
            "test-" + words[0]);
    thread.setDaemon(true);
    thread.start();
    return result;
  }

  Terminal terminal() {
    return terminal;
  }

  String err() {
    return err.toString();
  }

  String out() {
    return out.toString();
  }
}
