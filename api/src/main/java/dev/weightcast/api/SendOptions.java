package dev.weightcast.api;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one send does differently; immutable, changed by the {@code with} methods. */
public final class SendOptions {

  private static final SendOptions DEFAULTS = new SendOptions(null, null, null);

  private final @Nullable TensorMapping mapping;
  private final @Nullable Packing packing;
  private final @Nullable DeviceStream stream;

  private SendOptions(
      @Nullable TensorMapping mapping, @Nullable Packing packing, @Nullable DeviceStream stream) {
    this.mapping = mapping;
    this.packing = packing;
    this.stream = stream;
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
    return new SendOptions(Objects.requireNonNull(value, "value"), packing, stream);
  }

  /**
   * Another grouping for this send; the receivers must be told the same.
   *
   * @param value the packing
   * @return new options
   */
  public SendOptions withPacking(Packing value) {
    return new SendOptions(mapping, Objects.requireNonNull(value, "value"), stream);
  }

  /**
   * The caller's own stream for an unpacked send: broadcasts are enqueued there, behind what the
   * caller has enqueued. A packed send has streams of its own, one a buffer, and ignores it.
   *
   * @param value a stream of the trainer's device
   * @return new options
   */
  public SendOptions withStream(DeviceStream value) {
    return new SendOptions(mapping, packing, Objects.requireNonNull(value, "value"));
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
}
