package dev.weightcast.cli;

import dev.weightcast.api.Deadline;
import dev.weightcast.rendezvous.TcpStoreClient;
import dev.weightcast.rendezvous.TcpStoreServer;
import dev.weightcast.rendezvous.TcpStoreServerOptions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A store by itself, to see who comes. */
@Command(
    name = "store",
    customSynopsis = "weightcast store --master=HOST:PORT [OPTION ...]",
    description = "Serves a store in rank 0's place and shows who joins.",
    footer = {
      "",
      "For a group that does not form: stop the trainer, start this at its address, then",
      "start the workers.",
      "Exits with 0 when all workers have come, with 1 when --timeout has passed.",
      "Example: weightcast store --master 10.0.0.1:29500 --world-size 3 --timeout 2m"
    })
final class StoreCommand implements Callable<Integer> {

  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Terminal terminal;

  @Option(
      names = "--master",
      required = true,
      paramLabel = "HOST:PORT",
      description = "Where to listen; port 0 for any free one.")
  private HostPort master = new HostPort("localhost", 0);

  @Option(
      names = "--world-size",
      paramLabel = "N",
      description = "All ranks; ends when 1 to N-1 have joined.")
  private @Nullable Integer worldSize;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = TimeSpan.class,
      description = "Ends after that (default: at Ctrl-C).")
  private @Nullable Duration timeout;

  @Mixin private OutputOptions output = new OutputOptions();

  StoreCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (worldSize != null && worldSize < 2) {
      throw new UsageException(
          "--world-size " + worldSize + ": a group is a trainer and at least one worker, so 2");
    }
    if (timeout != null) {
      GroupOptions.checkTimeout(timeout);
    }
    Deadline lookup = Deadline.after(timeout == null ? PATIENCE : timeout);
    try (TcpStoreServer server =
            TcpStoreServer.bind(
                master.host(), master.port(), TcpStoreServerOptions.defaults(), lookup);
        TcpStoreClient client =
            TcpStoreClient.connect(
                server.address().getAddress().getHostAddress(),
                server.port(),
                Deadline.after(PATIENCE))) {
      HostPort at = new HostPort(master.host(), server.port());
      terminal.remark("serving a store at " + at + "; Ctrl-C ends it");
      return watch(at, new StoreWatch(server, client, worldSize));
    }
  }

  private int watch(HostPort at, StoreWatch watch) {
    long end = timeout == null ? Long.MAX_VALUE : System.nanoTime() + timeout.toNanos();
    boolean interrupted = false;
    while (!interrupted && !watch.isComplete() && (timeout == null || System.nanoTime() < end)) {
      watch.look().forEach(terminal::remark);
      interrupted = !watch.isComplete() && terminal.interruption().await(LOOK);
    }
    boolean complete = watch.isComplete();
    if (output.isJson()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("command", "store");
      json.put("ok", complete);
      json.put("master", at);
      json.put("joined", watch.joined());
      json.put("ranks", watch.ranks());
      json.put("missing", watch.missing());
      terminal.out().println(Json.line(json));
    } else {
      terminal.out().println(watch.summary());
    }
    return complete ? ExitCode.OK : interrupted ? ExitCode.INTERRUPTED : ExitCode.FAILED;
  }

  static List<Integer> workers(int worldSize) {
    return IntStream.range(1, worldSize).boxed().toList();
  }
}
