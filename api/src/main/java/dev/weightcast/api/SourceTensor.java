package dev.weightcast.api;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A tensor on its way out: when it may be read, and who wants to know that it has been.
 *
 * <p>The engine reads it only after its ready event, and releases it exactly once: when the bucket
 * that reads it has drained, or when the transfer has failed and nothing reads it any more.
 */
public final class SourceTensor {

  private final Tensor tensor;
  private final @Nullable DeviceEvent readyEvent;
  private final Runnable onRelease;
  private final AtomicBoolean released = new AtomicBoolean();

  private SourceTensor(Tensor tensor, @Nullable DeviceEvent readyEvent, Runnable onRelease) {
    this.tensor = Objects.requireNonNull(tensor, "tensor");
    this.readyEvent = readyEvent;
    this.onRelease = Objects.requireNonNull(onRelease, "onRelease");
  }

  /**
   * A tensor that may be read at once and whose release nobody waits for.
   *
   * @param tensor the tensor
   * @return the same, on its way out
   */
  public static SourceTensor of(Tensor tensor) {
    return new SourceTensor(tensor, null, () -> {});
  }

  /**
   * The same tensor, to be read only after an event.
   *
   * @param event recorded behind the work that writes the tensor, on the trainer's device
   * @return a new value; this one must not be used any more
   */
  public SourceTensor withReadyEvent(DeviceEvent event) {
    return new SourceTensor(tensor, Objects.requireNonNull(event, "event"), onRelease);
  }

  /**
   * The same tensor, with something more to do on release, after what was there before.
   *
   * @param action runs on the engine's thread; must not throw
   * @return a new value; this one must not be used any more
   */
  public SourceTensor withRelease(Runnable action) {
    Runnable first = onRelease;
    return new SourceTensor(
        tensor,
        readyEvent,
        () -> {
          first.run();
          action.run();
        });
  }

  /**
   * The same release and ready event around another tensor: what a mapping that works in place or
   * on the host returns.
   *
   * @param other the tensor to send instead
   * @return a new value; this one must not be used any more
   */
  public SourceTensor withTensor(Tensor other) {
    return new SourceTensor(other, readyEvent, onRelease);
  }

  /**
   * The tensor.
   *
   * @return what is sent
   */
  public Tensor tensor() {
    return tensor;
  }

  /**
   * After what the tensor may be read.
   *
   * @return the event, or empty if it may be read at once
   */
  public Optional<DeviceEvent> readyEvent() {
    return Optional.ofNullable(readyEvent);
  }

  /** Says that nothing reads the tensor any more; only the first call does anything. */
  public void release() {
    if (released.compareAndSet(false, true)) {
      onRelease.run();
    }
  }
}
