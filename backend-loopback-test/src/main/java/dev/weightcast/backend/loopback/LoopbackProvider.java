package dev.weightcast.backend.loopback;

import com.google.auto.service.AutoService;
import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.BroadcastUpdateInfo;
import dev.weightcast.api.Device;
import dev.weightcast.api.TrainerWeightTransferEngine;
import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.Availability;
import dev.weightcast.spi.BackendContext;
import dev.weightcast.spi.BackendProvider;
import dev.weightcast.spi.SpiVersion;
import dev.weightcast.spi.collective.CollectiveEngines;

/** Provides {@code loopback}; it can always run and is never chosen by {@code auto}. */
@AutoService(BackendProvider.class)
public final class LoopbackProvider implements BackendProvider {

  /** The backend's name. */
  public static final String NAME = "loopback";

  private static final Device DEFAULT_DEVICE = new Device(NAME, 0);

  /** Does nothing. */
  public LoopbackProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int spiVersion() {
    return SpiVersion.CURRENT;
  }

  @Override
  public Availability availability() {
    return Availability.available();
  }

  @Override
  public int priority() {
    return 0; // weights that stay within one JVM are never what somebody meant by auto
  }

  @Override
  public WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker(
      BackendContext context) {
    return CollectiveEngines.worker(
        NAME, new LoopbackCommunicatorFactory(), runtime(context), context);
  }

  @Override
  public TrainerWeightTransferEngine<BroadcastInitInfo> trainer(BackendContext context) {
    return CollectiveEngines.trainer(
        NAME, new LoopbackCommunicatorFactory(), runtime(context), context);
  }

  private static LoopbackRuntime runtime(BackendContext context) {
    return new LoopbackRuntime(context.config().device().orElse(DEFAULT_DEVICE));
  }
}
