package dev.weightcast.spi.collective;

import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightStatus;
import dev.weightcast.api.WeightStatus.UnfinishedUpdate;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker may say about its weights: which version is current, and which tensors an update
 * has touched that did not finish. Thread-safe.
 */
final class WeightLedger {

  private final Set<String> mixed = new HashSet<>();
  private String version = WeightStatus.DEFAULT_VERSION;
  private int unnamed;
  private @Nullable Update current;
  private @Nullable UnfinishedUpdate failed;

  /** One update, from its start to its end. */
  private static final class Update {
    private final Set<String> handed = new HashSet<>();
    private @Nullable String version;
    private int tensors;
    private int tensorsLoaded;
    private long bytes;
    private long bytesLoaded;

    private UnfinishedUpdate unfinished(@Nullable String failure) {
      return new UnfinishedUpdate(
          Optional.ofNullable(version),
          tensorsLoaded,
          tensors,
          bytesLoaded,
          bytes,
          Optional.ofNullable(failure));
    }
  }

  synchronized void start() {
    current = new Update();
  }

  /** So much will come in addition to what has come in this update. */
  synchronized void expect(int tensors, long bytes) {
    Update update = current;
    if (update != null) {
      update.tensors += tensors;
      update.bytes += bytes;
    }
  }

  /** The trainer has said what it calls the weights; the last word counts. */
  synchronized void announced(String name) {
    Update update = current;
    if (update != null) {
      update.version = name;
    }
  }

  /** The loader is about to get these: from here on nobody knows what their tensors hold. */
  synchronized void handing(Bucket bucket) {
    Update update = current;
    if (update != null) {
      bucket.specs().stream().map(TensorSpec::name).forEach(update.handed::add);
    }
  }

  /** The loader has had these, and all that it has enqueued has run. */
  synchronized void loaded(Bucket bucket) {
    Update update = current;
    if (update != null) {
      update.tensorsLoaded += bucket.specs().size();
      update.bytesLoaded += bucket.byteSize();
    }
  }

  /** The update under way, if there is one, has failed. */
  void fail(Throwable failure) {
    String message = failure.getMessage();
    abandon(message == null ? failure.toString() : message);
  }

  /** The update under way, if there is one, will not be finished. */
  synchronized void abandon(String reason) {
    Update update = current;
    current = null;
    if (update == null) {
      return;
    }
    // One that has touched nothing says less than an earlier one that has.
    if (!update.handed.isEmpty() || mixed.isEmpty()) {
      failed = update.unfinished(reason);
    }
    mixed.addAll(update.handed);
  }

  /**
   * The update under way is complete.
   *
   * @param name what it is called, or null to call it as the trainer has
   */
  synchronized void finish(@Nullable String name) {
    Update update = current;
    current = null;
    if (update == null) {
      return;
    }
    String announced = update.version;
    if (name != null) {
      version = name;
    } else if (announced != null) {
      version = announced;
    } else if (update.tensors > 0) {
      unnamed++;
      version = "unnamed-" + unnamed;
    }
    mixed.removeAll(update.handed);
    if (mixed.isEmpty()) {
      failed = null;
    }
  }

  synchronized WeightStatus status() {
    Update update = current;
    if (update == null || update.handed.isEmpty()) {
      return new WeightStatus(version, mixed, Optional.ofNullable(failed));
    }
    Set<String> touched = new HashSet<>(mixed);
    touched.addAll(update.handed);
    return new WeightStatus(version, touched, Optional.of(update.unfinished(null)));
  }
}
