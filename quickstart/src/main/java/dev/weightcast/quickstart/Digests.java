package dev.weightcast.quickstart;

import dev.weightcast.api.HostMemory;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * SHA-256 of tensors, taken from the memory they lie in; knows nothing of how they came there.
 *
 * @param byName each tensor's digest, by its name
 */
record Digests(Map<String, One> byName) {

  /** What one tensor is, and the digest of its bytes. */
  record One(TensorSpec spec, String sha256) {}

  static Digests of(Collection<Tensor> tensors) {
    Map<String, One> byName = new TreeMap<>();
    for (Tensor tensor : tensors) {
      MessageDigest digest = sha256();
      HostMemory memory = (HostMemory) tensor.memory();
      memory.buffers(tensor.byteOffset(), tensor.byteSize()).forEach(digest::update);
      byName.put(tensor.name(), new One(tensor.spec(), hex(digest)));
    }
    return new Digests(byName);
  }

  /** One digest of all: of each tensor's spec and digest, by name, so that order has no say. */
  String whole() {
    MessageDigest digest = sha256();
    for (One one : byName.values()) {
      digest.update((one.spec() + " " + one.sha256() + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return hex(digest);
  }

  /** As much of {@link #whole()} as an eye compares. */
  String shortened() {
    return whole().substring(0, 16);
  }

  /** The first tensor, by name, in which the others are not as these, and what is expected. */
  Optional<String> firstDifference(Digests others) {
    TreeSet<String> names = new TreeSet<>(byName.keySet());
    names.addAll(others.byName.keySet());
    return names.stream()
        .filter(name -> !Objects.equals(byName.get(name), others.byName.get(name)))
        .findFirst()
        .map(name -> difference(name, byName.get(name), others.byName.get(name)));
  }

  private static String difference(String name, @Nullable One expected, @Nullable One found) {
    return "tensor '" + name + "': expected " + describe(expected) + ", found " + describe(found);
  }

  private static String describe(@Nullable One one) {
    return one == null
        ? "none"
        : one.spec().dataType() + " " + one.spec().shape() + " with SHA-256 " + one.sha256();
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
