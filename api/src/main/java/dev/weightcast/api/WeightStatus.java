package dev.weightcast.api;

import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which weights a worker holds, and whether it holds them whole.
 *
 * <p>A version is current only after {@code finishWeightUpdate} has succeeded. An update that ends
 * before that leaves a mixture of old and new tensors behind as soon as its loader was handed the
 * first one; the worker remembers which, until finished updates have covered every one of them.
 *
 * @param version the version of the last update that was finished; {@link #DEFAULT_VERSION} before
 *     the first
 * @param mixedTensors the tensors that a loader was handed in an update that is not finished, in
 *     alphabetical order: each of them may hold old weights, new ones, or something undefined
 * @param unfinished the update that is under way or was the last to fail, until its tensors have
 *     been covered
 */
public record WeightStatus(
    String version, Set<String> mixedTensors, Optional<UnfinishedUpdate> unfinished) {

  /** What weights are called that no update has brought: vLLM's {@code default}. */
  public static final String DEFAULT_VERSION = "default";

  /** The longest version that is accepted, in characters. */
  public static final int MAX_VERSION_LENGTH = 128;

  /** Copies the set. */
  public WeightStatus {
    mixedTensors = Collections.unmodifiableSet(new TreeSet<>(mixedTensors));
  }

  /**
   * Whether some tensors are not of {@link #version()}.
   *
   * @return true while there are {@link #mixedTensors()}
   */
  public boolean isMixed() {
    return !mixedTensors.isEmpty();
  }

  /**
   * Checks that a text can be a version.
   *
   * @param version 1 to {@link #MAX_VERSION_LENGTH} printable characters
   * @return the same text
   * @throws InvalidInfoException if it cannot
   */
  public static String checkVersion(String version) {
    if (version.isEmpty() || version.length() > MAX_VERSION_LENGTH) {
      throw new InvalidInfoException(
          "a version has 1 to " + MAX_VERSION_LENGTH + " characters, found " + version.length());
    }
    for (int i = 0; i < version.length(); i++) {
      char c = version.charAt(i);
      if (Character.isISOControl(c) || Character.getType(c) == Character.UNASSIGNED) {
        throw new InvalidInfoException(
            "a version has printable characters only, found U+"
                + String.format("%04X", (int) c)
                + " at "
                + i);
      }
    }
    return version;
  }

  /** As in {@code version 'step-7'}, with what is unfinished. */
  @Override
  public String toString() {
    return "version '"
        + version
        + "'"
        + (isMixed() ? ", mixed: " + mixedTensors.size() + " tensors are of another update" : "")
        + unfinished.map(update -> "; " + update).orElse("");
  }

  /**
   * An update that has begun and is not finished.
   *
   * @param version what the trainer calls its weights, as far as it has said so
   * @param tensorsLoaded how many tensors have gone all the way into the loader, and what the
   *     loader enqueued for them has run
   * @param tensors how many there are in what was announced so far
   * @param bytesLoaded how many bytes these are
   * @param bytes how many bytes there are in what was announced so far
   * @param failure what ended it; empty while it is under way
   */
  public record UnfinishedUpdate(
      Optional<String> version,
      int tensorsLoaded,
      int tensors,
      long bytesLoaded,
      long bytes,
      Optional<String> failure) {

    /** As in {@code an update to 'step-8' failed after 3 of 9 tensors, …}. */
    @Override
    public String toString() {
      return "an update"
          + version.map(name -> " to '" + name + "'").orElse("")
          + (failure.isPresent() ? " failed after " : " is under way with ")
          + tensorsLoaded
          + " of "
          + tensors
          + " tensors, "
          + bytesLoaded
          + " of "
          + bytes
          + " bytes loaded"
          + failure.map(text -> ": " + text).orElse("");
    }
  }
}
