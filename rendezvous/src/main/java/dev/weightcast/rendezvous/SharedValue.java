package dev.weightcast.rendezvous;

import dev.weightcast.api.UniqueId;
import java.util.Arrays;

/**
 * What a {@link StatelessProcessGroup} can hand to its ranks: the few kinds of Python object that
 * exist on this wire.
 *
 * <p>They travel as pickles, written from templates and read by a machine that knows these kinds
 * and nothing else: no class is ever looked up.
 */
public sealed interface SharedValue {

  /** Python's {@code None}. */
  record None() implements SharedValue {}

  /**
   * Python's {@code str}.
   *
   * @param text without unpaired surrogates
   */
  record Text(String text) implements SharedValue {}

  /** Python's {@code bytes}. */
  final class Bytes implements SharedValue {

    private final byte[] content;

    /**
     * Copies the content.
     *
     * @param content any bytes
     */
    public Bytes(byte[] content) {
      this.content = content.clone();
    }

    /**
     * The bytes.
     *
     * @return a fresh array
     */
    public byte[] content() {
      return content.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Bytes bytes && Arrays.equals(content, bytes.content);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(content);
    }

    @Override
    public String toString() {
      return "Bytes[" + content.length + " bytes]";
    }
  }

  /**
   * The ctypes structure {@code ncclUniqueId} of vLLM's {@code pynccl_wrapper}.
   *
   * @param id the id
   */
  record Id(UniqueId id) implements SharedValue {}

  /**
   * Python's {@code None}.
   *
   * @return the value
   */
  static SharedValue none() {
    return new None();
  }

  /**
   * A Python string.
   *
   * @param text its characters
   * @return the value
   */
  static SharedValue of(String text) {
    return new Text(text);
  }

  /**
   * Python bytes.
   *
   * @param content copied
   * @return the value
   */
  static SharedValue of(byte[] content) {
    return new Bytes(content);
  }

  /**
   * A unique id.
   *
   * @param id the id
   * @return the value
   */
  static SharedValue of(UniqueId id) {
    return new Id(id);
  }

  /**
   * This value as Python's pickle, protocol 4.
   *
   * @return a fresh array
   * @throws dev.weightcast.api.InvalidInfoException if a text has an unpaired surrogate
   */
  default byte[] toPickle() {
    return PickleWriter.write(this);
  }

  /**
   * Reads a pickle of protocol 2 to 5.
   *
   * @param pickle exactly one pickle, at most 8 MiB
   * @return the value
   * @throws dev.weightcast.api.TransferException if it is anything but one of these kinds; nothing
   *     has been looked up or run
   */
  static SharedValue fromPickle(byte[] pickle) {
    return PickleReader.read(pickle);
  }
}
