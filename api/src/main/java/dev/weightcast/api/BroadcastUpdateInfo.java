package dev.weightcast.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker of a broadcasting backend is told about one update: which tensors will come, in
 * which order.
 */
public final class BroadcastUpdateInfo implements UpdateInfo {

  private static final String NAMES = "names";
  private static final String DTYPES = "dtype_names";
  private static final String SHAPES = "shapes";
  private static final Set<String> KEYS =
      Set.of(NAMES, DTYPES, SHAPES, Packing.PACKED, Packing.BUFFER_SIZE, Packing.NUM_BUFFERS);

  private final List<TensorSpec> specs;
  private final @Nullable Packing packing;

  private BroadcastUpdateInfo(List<TensorSpec> specs, @Nullable Packing packing) {
    this.specs = List.copyOf(specs);
    this.packing = packing;
  }

  /**
   * An update of the given tensors, grouped as the group was initialised.
   *
   * @param specs the tensors, in the order they are broadcast
   * @return the info
   */
  public static BroadcastUpdateInfo of(List<TensorSpec> specs) {
    return new BroadcastUpdateInfo(specs, null);
  }

  /**
   * The info as it came over the control plane.
   *
   * @param map the {@code update_info} object: {@code names}, {@code dtype_names}, {@code shapes}
   *     and, from vLLM before 0.28, the three {@code packed*} keys
   * @return the info
   * @throws InvalidInfoException if a key is unknown, the lists differ in length or a value is
   *     unusable; the message begins with «Invalid update_info», or with the name of the list that
   *     has the wrong length
   */
  public static BroadcastUpdateInfo fromMap(Map<String, ?> map) {
    InfoReader reader = new InfoReader("update_info", map, KEYS);
    List<?> names = reader.requiredList(NAMES);
    List<?> dtypes = sameSize(DTYPES, reader.requiredList(DTYPES), names);
    List<?> shapes = sameSize(SHAPES, reader.requiredList(SHAPES), names);
    List<TensorSpec> specs = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      specs.add(spec(reader, i, names.get(i), dtypes.get(i), shapes.get(i)));
    }
    return new BroadcastUpdateInfo(specs, Packing.isIn(reader) ? Packing.from(reader) : null);
  }

  private static List<?> sameSize(String key, List<?> list, List<?> names) {
    if (list.size() != names.size()) {
      throw new InvalidInfoException(
          "`"
              + key
              + "` should be of the same size as `names`: got "
              + list.size()
              + " and "
              + names.size());
    }
    return list;
  }

  private static TensorSpec spec(
      InfoReader reader,
      int i,
      @Nullable Object name,
      @Nullable Object dtype,
      @Nullable Object dims) {
    if (!(name instanceof String nameText)) {
      throw reader.wrongType(NAMES + "[" + i + "]", "a string", name);
    }
    if (!(dtype instanceof String dtypeText)) {
      throw reader.wrongType(DTYPES + "[" + i + "]", "a string", dtype);
    }
    String key = SHAPES + "[" + i + "]";
    List<?> list = reader.list(key, dims);
    long[] dimensions = new long[list.size()];
    for (int d = 0; d < dimensions.length; d++) {
      dimensions[d] = reader.integer(key, Objects.requireNonNullElse(list.get(d), "null"));
    }
    try {
      return new TensorSpec(nameText, DataType.fromTorchName(dtypeText), Shape.of(dimensions));
    } catch (InvalidInfoException e) {
      throw reader.invalid("tensor " + i + " '" + nameText + "': " + e.getMessage());
    }
  }

  /**
   * The same tensors, grouped differently from how the group was initialised.
   *
   * @param other how tensors are grouped in this update
   * @return a new info
   */
  public BroadcastUpdateInfo withPacking(Packing other) {
    return new BroadcastUpdateInfo(specs, Objects.requireNonNull(other, "other"));
  }

  /**
   * The tensors of the update.
   *
   * @return in the order they are broadcast
   */
  public List<TensorSpec> specs() {
    return specs;
  }

  /**
   * How tensors are grouped in this update.
   *
   * @return empty if as the group was initialised
   */
  public Optional<Packing> packing() {
    return Optional.ofNullable(packing);
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(NAMES, specs.stream().map(TensorSpec::name).toList());
    map.put(DTYPES, specs.stream().map(spec -> spec.dataType().torchName()).toList());
    map.put(SHAPES, specs.stream().map(BroadcastUpdateInfo::dimensions).toList());
    if (packing != null) {
      packing.putInto(map);
    }
    return map;
  }

  private static List<Long> dimensions(TensorSpec spec) {
    List<Long> list = new ArrayList<>();
    for (long dimension : spec.shape().dimensions()) {
      list.add(dimension);
    }
    return list;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BroadcastUpdateInfo info
        && specs.equals(info.specs)
        && Objects.equals(packing, info.packing);
  }

  @Override
  public int hashCode() {
    return Objects.hash(specs, packing);
  }

  @Override
  public String toString() {
    return "BroadcastUpdateInfo[" + specs.size() + " tensors, packing " + packing + "]";
  }
}
