package dev.weightcast.api;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What holds for an engine through its whole life; immutable, changed by the {@code with} methods.
 */
public final class WeightTransferConfig {

  private static final WeightTransferConfig DEFAULTS =
      new WeightTransferConfig(
          Deadline.DEFAULT_TIMEOUT, null, 0, TransferListener.NONE, TimeSource.system(), false);

  private final Duration timeout;
  private final @Nullable Device device;
  private final int root;
  private final TransferListener listener;
  private final TimeSource timeSource;
  private final boolean checksums;

  private WeightTransferConfig(
      Duration timeout,
      @Nullable Device device,
      int root,
      TransferListener listener,
      TimeSource timeSource,
      boolean checksums) {
    this.timeout = Deadline.checkTimeout(timeout);
    this.device = device;
    this.root = root;
    this.listener = Objects.requireNonNull(listener, "listener");
    this.timeSource = Objects.requireNonNull(timeSource, "timeSource");
    this.checksums = checksums;
    if (root < 0) {
      throw new InvalidInfoException("root must not be negative, found " + root);
    }
  }

  /**
   * A timeout of {@link Deadline#DEFAULT_TIMEOUT}, the backend's own choice of device, root 0,
   * nobody listening, no checksums.
   *
   * @return the defaults
   */
  public static WeightTransferConfig defaults() {
    return DEFAULTS;
  }

  /**
   * Another timeout for each operation: joining, one send, one receive.
   *
   * @param value positive and at most {@link Deadline#MAX_TIMEOUT}
   * @return a new config
   */
  public WeightTransferConfig withTimeout(Duration value) {
    return new WeightTransferConfig(value, device, root, listener, timeSource, checksums);
  }

  /**
   * The device to work on.
   *
   * @param value such as {@code cuda:1}
   * @return a new config
   */
  public WeightTransferConfig withDevice(Device value) {
    return new WeightTransferConfig(
        timeout, Objects.requireNonNull(value, "value"), root, listener, timeSource, checksums);
  }

  /**
   * Another rank that sends. All ranks of a group must agree on it; Python peers always mean 0.
   *
   * @param value the trainer's rank, NCCL's {@code root}
   * @return a new config
   */
  public WeightTransferConfig withRoot(int value) {
    return new WeightTransferConfig(timeout, device, value, listener, timeSource, checksums);
  }

  /**
   * Somebody who is told how transfers go.
   *
   * @param value called on the engine's thread
   * @return a new config
   */
  public WeightTransferConfig withListener(TransferListener value) {
    return new WeightTransferConfig(timeout, device, root, value, timeSource, checksums);
  }

  /**
   * Another clock, for tests.
   *
   * @param value where deadlines read the time
   * @return a new config
   */
  public WeightTransferConfig withTimeSource(TimeSource value) {
    return new WeightTransferConfig(timeout, device, root, listener, value, checksums);
  }

  /**
   * Whether every bucket is checked from end to end: with a CRC-32C over what the trainer has sent
   * and what the worker has received, compared before the worker acknowledges. A difference is a
   * {@link ChecksumMismatchException} there, and the trainer is told.
   *
   * <p>Off unless switched on, and to be the same on all ranks. It costs every rank a copy of all
   * bytes from its device to the host and one pass over them there, and host memory for the buckets
   * under way. Ranks that are not Weightcast's own cannot take part; the log says so.
   *
   * @param value true to check
   * @return a new config
   */
  public WeightTransferConfig withChecksums(boolean value) {
    return new WeightTransferConfig(timeout, device, root, listener, timeSource, value);
  }

  /**
   * Whether every bucket is checked from end to end.
   *
   * @return true if so
   */
  public boolean checksums() {
    return checksums;
  }

  /**
   * How long each operation may take.
   *
   * @return the duration
   */
  public Duration timeout() {
    return timeout;
  }

  /**
   * The device to work on.
   *
   * @return the device, or empty for the backend's own choice
   */
  public Optional<Device> device() {
    return Optional.ofNullable(device);
  }

  /**
   * The rank that sends.
   *
   * @return the trainer's rank
   */
  public int root() {
    return root;
  }

  /**
   * Who is told how transfers go.
   *
   * @return the listener
   */
  public TransferListener listener() {
    return listener;
  }

  /**
   * Starts the deadline of one operation.
   *
   * @return a deadline of {@link #timeout()}, running
   */
  public Deadline startDeadline() {
    return Deadline.after(timeout, timeSource);
  }

  @Override
  public String toString() {
    return "WeightTransferConfig[timeout "
        + timeout
        + ", device "
        + (device == null ? "chosen by the backend" : device)
        + ", root "
        + root
        + (checksums ? ", checksums" : "")
        + "]";
  }
}
