package dev.weightcast.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A ready-made loader that copies each weight into the destination registered under its name, on
 * the device or on the host.
 *
 * <p>A weight without a destination, or whose type or shape differs from it, is an error that names
 * both; nothing of that bucket is copied then. Used by one thread at a time.
 */
public final class CopyingWeightLoader implements WeightLoader {

  private final Map<String, Tensor> destinations;
  private final Set<String> missing;

  private CopyingWeightLoader(Map<String, Tensor> destinations) {
    this.destinations = destinations;
    this.missing = new TreeSet<>(destinations.keySet());
  }

  /**
   * A loader into the given tensors.
   *
   * @param destinations where each weight goes, by its name
   * @return the loader
   * @throws InvalidInfoException if two destinations have the same name
   */
  public static CopyingWeightLoader into(Collection<Tensor> destinations) {
    Map<String, Tensor> byName = new LinkedHashMap<>();
    for (Tensor destination : destinations) {
      Tensor other = byName.put(destination.name(), destination);
      if (other != null) {
        throw new InvalidInfoException(
            "two destinations are called '"
                + destination.name()
                + "': "
                + other.spec()
                + " and "
                + destination.spec());
      }
    }
    return new CopyingWeightLoader(byName);
  }

  @Override
  public void load(List<Tensor> weights, DeviceStream stream, Deadline deadline) {
    List<MemoryCopy> copies = new ArrayList<>(weights.size());
    for (Tensor weight : weights) {
      Tensor destination = destination(weight.spec());
      copies.add(
          new MemoryCopy(
              weight.memory(),
              weight.byteOffset(),
              destination.memory(),
              destination.byteOffset(),
              weight.byteSize()));
    }
    stream.copy(copies);
    weights.forEach(weight -> missing.remove(weight.name()));
  }

  /**
   * The destinations that nothing was copied to since the loader was made or {@link #reset()}.
   *
   * @return their names in alphabetical order; empty once every destination has been written
   */
  public Set<String> missing() {
    return Collections.unmodifiableSet(new TreeSet<>(missing));
  }

  /**
   * Checks that every destination has been written since the loader was made or {@link #reset()}:
   * to be called before {@code finishWeightUpdate}, where an update is to bring the whole model.
   *
   * @throws TensorMismatchException if not; names the first that are missing
   */
  public void requireComplete() {
    if (!missing.isEmpty()) {
      List<String> first = missing.stream().limit(3).map(name -> "'" + name + "'").toList();
      throw new TensorMismatchException(
          missing.size()
              + " of "
              + destinations.size()
              + " destinations were not in the update: "
              + String.join(", ", first)
              + (missing.size() > first.size() ? ", …" : ""));
    }
  }

  /** Forgets what was copied, before the next update. */
  public void reset() {
    missing.addAll(destinations.keySet());
  }

  private Tensor destination(TensorSpec weight) {
    Tensor destination = destinations.get(weight.name());
    if (destination == null) {
      throw new TensorMismatchException(
          "received weight " + weight + ", but no destination of that name is registered");
    }
    if (!destination.spec().equals(weight)) {
      throw new TensorMismatchException(
          "received weight "
              + weight
              + ", but its registered destination is "
              + destination.spec());
    }
    return destination;
  }
}
