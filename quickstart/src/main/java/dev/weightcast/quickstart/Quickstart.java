package dev.weightcast.quickstart;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sends a checkpoint from one trainer to several workers, and proves that every byte arrived.
 *
 * <p>A fleet has the trainer and each worker in a process of its own, on machines of their own.
 * Here they are threads of one JVM, which the backend {@code loopback} connects; another backend is
 * another name, and nothing else in this program.
 */
public final class Quickstart {

  private final Arguments arguments;
  private final Screen screen;

  Quickstart(Arguments arguments, Screen screen) {
    this.arguments = arguments;
    this.screen = screen;
  }

  /**
   * Runs the program and ends the JVM: with 0 if every worker holds what the checkpoint holds, 1 if
   * one does not or something failed, 2 if the arguments are wrong.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    System.exit(run(Screen.ofProcess(), args));
  }

  static int run(Screen screen, String... args) {
    try {
      Arguments arguments = Arguments.parse(args);
      if (arguments.help()) {
        screen.out().print(Arguments.USAGE);
        return 0;
      }
      return new Quickstart(arguments, screen).run();
    } catch (UsageException e) {
      screen.err().println("quickstart: " + e.getMessage());
      screen.err().print(Arguments.USAGE);
      return 2;
    } catch (OutOfMemoryError e) {
      screen.err().println("quickstart: " + e.getMessage() + "; " + Arguments.MEMORY_HINT);
      return 1;
    } catch (Exception e) {
      screen.err().println("quickstart: " + Ranks.describe(e));
      return 1;
    }
  }

  private int run() throws IOException, RankFailedException, InterruptedException {
    if (arguments.checkpoint().isPresent()) {
      return transferAndCompare(arguments.checkpoint().get());
    }
    Path file = Files.createTempFile("weightcast-quickstart-", ".safetensors");
    file.toFile().deleteOnExit(); // for whoever presses Ctrl-C
    try {
      CheckpointWriter.write(file, LlamaShape.SMALL, arguments.seed());
      screen.out().println("made up a Llama-shaped checkpoint from seed " + arguments.seed());
      return transferAndCompare(file);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private int transferAndCompare(Path checkpoint) throws RankFailedException, InterruptedException {
    SafetensorsSource source = SafetensorsSource.open(checkpoint);
    List<Worker> workers = transfer(source);
    return compare(source, workers);
  }

  /** The main job: makes the group, and sends the source's weights to all workers at once. */
  List<Worker> transfer(SafetensorsSource source) throws RankFailedException, InterruptedException {
    List<Worker> workers = new ArrayList<>();
    try (ProgressBar progress = new ProgressBar(screen);
        Ranks ranks = new Ranks()) {
      Trainer trainer = ranks.add(new Trainer(arguments.backend(), progress));
      for (int rank = 1; rank <= arguments.workers(); rank++) {
        workers.add(ranks.add(new Worker(arguments.backend(), rank, source.specs())));
      }

      // What a control plane, such as vLLM's HTTP routes, carries from the trainer to the workers
      BroadcastInitInfo group =
          BroadcastInitInfo.ofUniqueId(trainer.createUniqueId(), 1 + arguments.workers())
              .withPacking(arguments.packing());
      BroadcastUpdateInfo update = BroadcastUpdateInfo.of(source.specs());

      ranks.start(trainer, () -> trainer.send(group, source));
      for (Worker worker : workers) {
        ranks.start(worker, () -> worker.receive(group, update));
      }
      ranks.await();
    }
    return workers;
  }

  /** Compares what lies in each worker's own memory with what lies in the checkpoint. */
  int compare(SafetensorsSource source, List<Worker> workers) {
    List<TensorSpec> specs = source.specs();
    Digests expected = Digests.of(specs.stream().map(spec -> source.tensor(spec.name())).toList());
    screen.out().println("digest of the checkpoint: " + expected.shortened());

    List<Held> held = workers.parallelStream().map(Held::by).toList();
    Table table = new Table(Held.HEADER);
    held.forEach(each -> table.row(each.cells()));
    screen.out().print(table);

    Optional<String> mismatch =
        held.stream().flatMap(each -> each.differenceFrom(expected).stream()).findFirst();
    if (mismatch.isPresent()) {
      screen.out().println("MISMATCH: " + mismatch.get());
      return 1;
    }
    long bytes = specs.stream().mapToLong(TensorSpec::byteSize).sum();
    screen
        .out()
        .printf(
            "OK: %d workers, %d tensors, %d bytes, all digests equal%n",
            workers.size(), specs.size(), bytes);
    return 0;
  }
}
