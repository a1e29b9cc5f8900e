package dev.weightcast.quickstart;

import dev.weightcast.api.TransferReport;
import java.util.Locale;
import java.util.Optional;

/**
 * What a worker holds when all is over.
 *
 * @param worker the worker
 * @param digests taken from its own memory
 */
record Held(Worker worker, Digests digests) {

  static final Object[] HEADER = {
    "worker", "tensors", "bytes", "buckets", "seconds", "GB/s", "digest (SHA-256)"
  };

  static Held by(Worker worker) {
    return new Held(worker, Digests.of(worker.weights()));
  }

  Object[] cells() {
    TransferReport report = worker.report();
    return new Object[] {
      worker.rank(),
      report.tensors(),
      report.bytes(),
      report.buckets(),
      String.format(Locale.ROOT, "%.3f", report.elapsed().toNanos() / 1e9),
      String.format(Locale.ROOT, "%.2f", report.gigabytesPerSecond()),
      digests.shortened()
    };
  }

  Optional<String> differenceFrom(Digests expected) {
    return expected.firstDifference(digests).map(difference -> worker.name() + ", " + difference);
  }
}
