package dev.weightcast.cli;

import dev.weightcast.api.TransferListener;
import dev.weightcast.api.TransferPlan;
import dev.weightcast.api.TransferProgress;

/** Takes the times of one transfer's stages. For one thread. */
final class StageClock implements TransferListener {

  private long begun;
  private long planned;
  private long first;
  private long last;

  /**
   * What one transfer took.
   *
   * @param plan until the plan was made
   * @param firstBucket from there until the first bucket had gone all the way
   * @param further until the last bucket had
   * @param finish until the call returned
   * @param buckets how many there were
   */
  record Stages(double plan, double firstBucket, double further, double finish, int buckets) {

    double whole() {
      return plan + firstBucket + further + finish;
    }
  }

  void begin() {
    begun = System.nanoTime();
    planned = begun;
    first = 0;
  }

  @Override
  public void planned(TransferPlan plan) {
    planned = System.nanoTime();
  }

  @Override
  public void progressed(TransferProgress progress) {
    last = System.nanoTime();
    if (first == 0) {
      first = last;
    }
  }

  Stages end(int buckets) {
    long end = System.nanoTime();
    if (first == 0) { // nothing to move
      first = end;
      last = end;
    }
    return new Stages(
        seconds(begun, planned),
        seconds(planned, first),
        seconds(first, last),
        seconds(last, end),
        buckets);
  }

  static double seconds(long from, long to) {
    return (to - from) / 1e9;
  }
}
