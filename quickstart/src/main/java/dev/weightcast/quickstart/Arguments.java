package dev.weightcast.quickstart;

import dev.weightcast.api.Packing;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * What the program was told.
 *
 * @param checkpoint what to send; without one a checkpoint is made up
 * @param workers how many workers there are
 * @param packing how tensors are grouped into broadcasts
 * @param backend the backend's name
 * @param seed what a made-up checkpoint is made from
 * @param help whether only the usage is wanted
 */
record Arguments(
    Optional<Path> checkpoint,
    int workers,
    Packing packing,
    String backend,
    long seed,
    boolean help) {

  static final String USAGE =
      """
      usage: -Dquickstart.args="[option ...]"
        --checkpoint PATH    send this safetensors file, or directory with an index
                             (default: a Llama-shaped one of about 100 MB is made up)
        --workers N          how many workers receive, 1 to 256 (default 3)
        --buffer-size BYTES  send a bucket once it is larger than this (default 8388608)
        --num-buffers K      how many buckets are on their way at once, 1 to 64 (default 2)
        --unpacked           one broadcast a tensor, instead of packed buckets
        --backend NAME       how the ranks are connected (default loopback)
        --seed NUMBER        for the made-up checkpoint (default 17)
        --help               print this
      """;

  static final String MEMORY_HINT =
      "every worker holds the whole model outside the Java heap: take fewer --workers, or let the"
          + " JVM have more with -Dquickstart.jvm=-XX:MaxDirectMemorySize=SIZE";

  static Arguments parse(String... args) throws UsageException {
    Optional<Path> checkpoint = Optional.empty();
    int workers = 3;
    long bufferSize = 8 << 20;
    int numBuffers = 2;
    boolean packed = true;
    String backend = "loopback";
    long seed = 17;
    boolean help = false;
    Iterator<String> words = List.of(args).iterator();
    while (words.hasNext()) {
      String option = words.next();
      switch (option) {
        case "--checkpoint" -> checkpoint = Optional.of(Path.of(value(option, words)));
        case "--workers" -> workers = (int) number(option, words, 1, 256);
        case "--buffer-size" -> bufferSize = number(option, words, 1, Long.MAX_VALUE);
        case "--num-buffers" -> numBuffers = (int) number(option, words, 1, 64);
        case "--unpacked" -> packed = false;
        case "--backend" -> backend = value(option, words);
        case "--seed" -> seed = number(option, words, Long.MIN_VALUE, Long.MAX_VALUE);
        case "--help" -> help = true;
        default -> throw new UsageException("unknown argument '" + option + "'");
      }
    }
    Packing packing = new Packing(packed, bufferSize, numBuffers);
    return new Arguments(checkpoint, workers, packing, backend, seed, help);
  }

  private static String value(String option, Iterator<String> words) throws UsageException {
    String value = words.hasNext() ? words.next() : "";
    if (value.isBlank() || value.startsWith("--")) {
      throw new UsageException(option + " needs a value");
    }
    return value;
  }

  private static long number(String option, Iterator<String> words, long least, long most)
      throws UsageException {
    String text = value(option, words);
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new UsageException(option + " needs a whole number, found '" + text + "'");
    }
    throw new UsageException(
        option
            + " must be "
            + least
            + (most == Long.MAX_VALUE ? " or more" : " to " + most)
            + ", found "
            + text);
  }
}
