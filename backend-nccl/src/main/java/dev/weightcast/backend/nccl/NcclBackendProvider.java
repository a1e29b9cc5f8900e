package dev.weightcast.backend.nccl;

import com.google.auto.service.AutoService;
import dev.weightcast.api.BackendUnavailableException;
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
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The backend {@code nccl}: GPU to GPU with NCCL, wire-compatible with torch and vLLM.
 *
 * <p>An engine works on the device that its config names, {@code cuda:0} if it names none. The
 * system property {@code nccl.library} is the path of the {@code libnccl.so.2} to use instead of
 * the one that the system finds.
 */
@AutoService(BackendProvider.class)
public final class NcclBackendProvider implements BackendProvider {

  /** The name of the backend. */
  public static final String NAME = "nccl";

  private static final int PRIORITY = 100;
  private static final Device FIRST = Device.cuda(0);

  private final Object lock = new Object();
  private @Nullable NcclNatives natives;

  /** Does nothing: natives are loaded when they are first asked for. */
  public NcclBackendProvider() {}

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
    return natives().availability();
  }

  @Override
  public Map<String, String> details() {
    return natives().details();
  }

  @Override
  public int priority() {
    return PRIORITY;
  }

  @Override
  public WeightTransferEngine<BroadcastInitInfo, BroadcastUpdateInfo> worker(
      BackendContext context) {
    NcclNatives ready = available();
    return CollectiveEngines.worker(NAME, factory(ready), runtime(ready, context), context);
  }

  @Override
  public TrainerWeightTransferEngine<BroadcastInitInfo> trainer(BackendContext context) {
    NcclNatives ready = available();
    return CollectiveEngines.trainer(NAME, factory(ready), runtime(ready, context), context);
  }

  private static NcclCommunicatorFactory factory(NcclNatives ready) {
    return new NcclCommunicatorFactory(ready.nccl(), ready.version(), new StoreOrIdMeetingPlace());
  }

  private static CudaRuntime runtime(NcclNatives ready, BackendContext context) {
    return CudaRuntime.open(ready.cuda(), context.config().device().orElse(FIRST));
  }

  private NcclNatives available() {
    NcclNatives present = natives();
    Availability availability = present.availability();
    if (!availability.isAvailable()) {
      throw new BackendUnavailableException(
          "the nccl backend cannot run here: "
              + availability.reasons().stream()
                  .map(r -> r.hint().isEmpty() ? r.text() : r.text() + " → " + r.hint())
                  .collect(Collectors.joining("; ")),
          NAME,
          null);
    }
    return present;
  }

  private NcclNatives natives() {
    synchronized (lock) {
      NcclNatives present = natives;
      if (present == null) {
        present = NcclNatives.load(new JavacppLoader(), System.getProperties());
        natives = present;
      }
      return present;
    }
  }
}
