package dev.weightcast.cli;

import dev.weightcast.core.BackendReport;
import dev.weightcast.core.WeightTransfer;

/** Which backend it is when nobody named one. */
final class Chosen {

  private Chosen() {}

  static String name(WeightTransfer transfer) {
    return transfer.setting().isAuto()
        ? transfer.explain().chosen().flatMap(BackendReport::name).orElse("auto")
        : transfer.setting().name();
  }
}
