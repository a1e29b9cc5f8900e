package dev.weightcast.api;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one send does differently; immutable, changed by the {@code with} methods. */
public final class SendOptions {

  private static final SendOptions DEFAULTS = new SendOptions(null, null, null, null);

  private final @Nullable TensorMapping mapping;
  private final @Nullable Packing packing;
  private final @Nullable DeviceStream stream;
  private final @Nullable String version;

  private SendOptions(
      @Nullable TensorMapping mapping,
      @Nullable Packing packing,
      @Nullable DeviceStream stream,
      @Nullable String version) {
    this.mapping = mapping;
    this.packing = packing;
    this.stream = stream;
    this.version = version;
  }

  /**
   * Tensors as they are, grouped as the group was initialised, on streams of the engine's own.
   *
   * @return the defaults
   */
  public static SendOptions defaults() {
    return DEFAULTS;
  }

  /**
   * A change applied to each tensor before it is sent.
   *
   * @param value the mapping
   * @return new options
   */
  public SendOptions withMapping(TensorMapping value) {
    return new SendOptions(Objects.requireNonNull(value, "value"), packing, stream, version);
  }

  /**
   * Another grouping for this send; the receivers must be told the same.
   *
   * @param value the packing
   * @return new options
   */
  public SendOptions withPacking(Packing value) {
    return new SendOptions(mapping, Objects.requireNonNull(value, "value"), stream, version);
  }

  /**
   * The caller's own stream for an unpacked send: broadcasts are enqueued there, behind what the
   * caller has enqueued. A packed send has streams of its own, one a buffer, and ignores it.
   *
   * @param value a stream of the trainer's device
   * @return new options
   */
  public SendOptions withStream(DeviceStream value) {
    return new SendOptions(mapping, packing, Objects.requireNonNull(value, "value"), version);
  }

  /**
   * What these weights are called. Workers of Weightcast's own are told, and call their weights so
   * once the update is finished; others are told over the control plane.
   *
   * @param value a label, such as {@code step-1200}; see {@link WeightStatus#checkVersion}
   * @return new options
   * @throws InvalidInfoException if it is not usable as a label
   */
  public SendOptions withVersion(String value) {
    return new SendOptions(mapping, packing, stream, WeightStatus.checkVersion(value));
  }

  /**
   * The change applied to each tensor.
   *
   * @return the mapping, if any
   */
  public Optional<TensorMapping> mapping() {
    return Optional.ofNullable(mapping);
  }

  /**
   * The grouping of this send.
   *
   * @return empty if as the group was initialised
   */
  public Optional<Packing> packing() {
    return Optional.ofNullable(packing);
  }

  /**
   * The caller's own stream.
   *
   * @return the stream, if any
   */
  public Optional<DeviceStream> stream() {
    return Optional.ofNullable(stream);
  }

  /**
   * What the weights are called.
   *
   * @return the label, if any
   */
  public Optional<String> version() {
    return Optional.ofNullable(version);
  }
}
