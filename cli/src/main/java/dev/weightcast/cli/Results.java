package dev.weightcast.cli;

import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.safetensors.SafetensorsSource;
import dev.weightcast.safetensors.SafetensorsWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is done with weights that were received. */
final class Results {

  private final @Nullable Path out;
  private final @Nullable Path verifyAgainst;
  private final @Nullable Long verifySeed;
  private @Nullable SafetensorsSource expected;

  Results(@Nullable Path out, @Nullable Path verifyAgainst, @Nullable Long verifySeed) {
    this.out = out;
    this.verifyAgainst = verifyAgainst;
    this.verifySeed = verifySeed;
  }

  /** Finds out what cannot be done before anything is received. */
  void check(List<TensorSpec> specs) {
    if (verifyAgainst != null && verifySeed != null) {
      throw new UsageException("give either --verify-against or --verify-seed, not both");
    }
    if (out != null) {
      Path folder = out.toAbsolutePath().getParent();
      if (Files.isDirectory(out) || folder == null || !Files.isDirectory(folder)) {
        throw new UsageException(
            "--out '" + out + "': " + (Files.isDirectory(out) ? "is a folder" : "has no folder"));
      }
    }
    if (verifyAgainst != null) {
      SafetensorsSource checkpoint = SafetensorsSource.open(verifyAgainst);
      expected = checkpoint;
      checkSame(specs, checkpoint.specs(), verifyAgainst);
    }
  }

  private static void checkSame(List<TensorSpec> specs, List<TensorSpec> others, Path path) {
    Set<TensorSpec> there = new HashSet<>(others);
    for (TensorSpec spec : specs) {
      if (!there.contains(spec)) {
        String found =
            others.stream()
                .filter(other -> other.name().equals(spec.name()))
                .findFirst()
                .map(other -> "it has " + other)
                .orElse("it has no tensor of that name");
        throw new UsageException(
            "--verify-against '"
                + path
                + "' cannot be compared: "
                + spec
                + " is expected, "
                + found);
      }
    }
    if (others.size() > specs.size()) {
      specs.forEach(there::remove);
      throw new UsageException(
          "--verify-against '"
              + path
              + "' cannot be compared: "
              + there.size()
              + " of its tensors are not expected, one is "
              + there.iterator().next());
    }
  }

  Optional<String> write(DeviceModel model, List<TensorSpec> specs, Terminal terminal) {
    if (out == null) {
      return Optional.empty();
    }
    terminal.interruption().at("writing '" + out + "'");
    try (SafetensorsWriter writer = SafetensorsWriter.create(out, specs, Map.of("format", "pt"))) {
      model.forEachOnHost((Tensor tensor) -> writer.write(tensor));
      writer.finish();
    }
    return Optional.of(out.toString());
  }

  /** Compares, if that was asked for; what differs ends the command. */
  Optional<String> verify(DeviceModel model) {
    Content content;
    String with;
    if (expected != null) {
      content = new CheckpointContent(expected);
      with = String.valueOf(verifyAgainst);
    } else if (verifySeed != null) {
      content = new SeededContent(verifySeed);
      with = "seed " + verifySeed;
    } else {
      return Optional.empty();
    }
    model
        .compare(content)
        .mismatch()
        .ifPresent(
            text -> {
              throw new CliException(
                  ExitCode.MISMATCH, "MISMATCH with " + with + ": " + text, null);
            });
    return Optional.of(with);
  }

  /** What was done, for a person. */
  List<String> summary(int tensors) {
    List<String> lines = new ArrayList<>();
    if (out != null) {
      lines.add("wrote '" + out + "'");
    }
    if (expected != null || verifySeed != null) {
      String with = expected != null ? "'" + verifyAgainst + "'" : "seed " + verifySeed;
      lines.add("OK: every byte of " + tensors + " tensors is as in " + with);
    }
    return lines;
  }
}
