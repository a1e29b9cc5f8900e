package dev.weightcast.spi.collective;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendContext;

/**
 * The finished engines: packing, buffering, deadlines and the state machine, on any communicator
 * and any device.
 */
public final class CollectiveEngines {

  private CollectiveEngines() {}

  /**
   * A worker's engine.
   *
   * @param backend the backend's name, for messages
   * @param factory joins groups
   * @param runtime the engine's device; the engine closes it
   * @param context what holds for the engine
   * @return a fresh engine in state NEW
   */
  public static WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker(
      String backend, CommunicatorFactory factory, DeviceRuntime runtime, BackendContext context) {
    return new CollectiveWorkerEngine(
        new CollectiveEngine(backend, factory, runtime, context.config()), context.parallel());
  }

  /**
   * A trainer's engine; its rank is the config's root.
   *
   * @param backend the backend's name, for messages
   * @param factory joins groups
   * @param runtime the engine's device; the engine closes it
   * @param context what holds for the engine
   * @return a fresh engine in state NEW
   */
  public static TrainerWeightTransferEngine<BroadcastInitInfo> trainer(
      String backend, CommunicatorFactory factory, DeviceRuntime runtime, BackendContext context) {
    return new CollectiveTrainerEngine(
        new CollectiveEngine(backend, factory, runtime, context.config()));
  }
}
