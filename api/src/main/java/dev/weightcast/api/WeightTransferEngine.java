package dev.weightcast.api;

import java.util.Map;

/**
 * The worker's side: joins the trainer's group and receives new weights, update after update.
 *
 * <pre>{@code
 * engine.initTransferEngine(initInfo);      // in flight while the trainer joins
 * engine.startWeightUpdate();
 * engine.receiveWeights(updateInfo, loader); // in flight while the trainer sends
 * engine.finishWeightUpdate();
 * }</pre>
 *
 * <p>The operations are for one thread at a time: a second call meanwhile is refused. {@link
 * #close()}, {@link #state()} and {@link #weightStatus()} may be called from any thread at any
 * time; closing ends an operation that is under way. No operation waits longer than the config's
 * timeout. After any failure the state is {@link EngineState#FAILED} and {@link
 * #initTransferEngine} starts afresh.
 *
 * @param <I> what the engine is told to find its group
 * @param <U> what it is told about one update
 */
public interface WeightTransferEngine<I extends InitInfo, U extends UpdateInfo>
    extends AutoCloseable {

  /**
   * The init info that this backend takes.
   *
   * @return its class
   */
  Class<I> initInfoType();

  /**
   * The update info that this backend takes.
   *
   * @return its class
   */
  Class<U> updateInfoType();

  /**
   * An init info as it came over the control plane.
   *
   * @param map the {@code init_info} object
   * @return the info
   * @throws InvalidInfoException if it is not usable; names the key
   */
  I parseInitInfo(Map<String, ?> map);

  /**
   * An update info as it came over the control plane.
   *
   * @param map the {@code update_info} object
   * @return the info
   * @throws InvalidInfoException if it is not usable; names the key
   */
  U parseUpdateInfo(Map<String, ?> map);

  /**
   * Where the engine is in its life.
   *
   * @return the state now
   */
  EngineState state();

  /**
   * The device that the engine receives on.
   *
   * @return memory, streams and events there; usable until the engine closes
   */
  DeviceContext deviceContext();

  /**
   * Joins the group, and returns when all ranks have. From {@link EngineState#NEW} or {@link
   * EngineState#FAILED}; from {@link EngineState#READY} it leaves the old group first.
   *
   * @param info where the group meets
   * @throws InvalidInfoException if the info does not fit this worker; the state does not change
   *     then. Also if it does not fit the group, which has another world size or this rank already;
   *     then the state is {@link EngineState#FAILED}
   * @throws TransferTimeoutException if not all ranks came in time
   * @throws RankFailedException if another rank failed meanwhile, as far as that is known
   * @throws TransferAbortedException if interrupted or closed meanwhile
   * @throws EngineStateException if the state does not allow it
   */
  void initTransferEngine(I info);

  /**
   * Begins an update.
   *
   * @throws EngineStateException if the engine is not {@link EngineState#READY}
   */
  void startWeightUpdate();

  /**
   * Receives the weights of the update that was started, all of them or a part, and returns when
   * they have been loaded.
   *
   * <p>Before the first byte moves, it is compared with the trainer, if that is Weightcast's own,
   * what is about to be sent; when all has been loaded, the trainer is told.
   *
   * @param info which tensors will come
   * @param loader takes them, a bucket at a time
   * @return what was received
   * @throws InvalidInfoException if the info is not usable; nothing has moved then, and the state
   *     is {@link EngineState#FAILED} all the same, because the trainer is about to send
   * @throws TransferMismatchException if the trainer, or another worker, was told other tensors or
   *     another packing; the loader was not called then
   * @throws RankFailedException if another rank failed or left, as far as that is known
   * @throws TransferTimeoutException if the bytes did not come in time
   * @throws TransferAbortedException if interrupted or closed meanwhile
   * @throws TransferException if the loader, the device or the communicator failed
   * @throws EngineStateException if no update was started
   */
  TransferReport receiveWeights(U info, WeightLoader loader);

  /**
   * Ends the update: the new weights are complete, and of the version that the trainer announced.
   * If it announced none they are called {@code unnamed-1}, {@code unnamed-2} and so on, counted by
   * this engine; an update that received nothing keeps the version.
   *
   * @throws EngineStateException if no update was started
   */
  void finishWeightUpdate();

  /**
   * Ends the update: the new weights are complete, and of the given version.
   *
   * @param version what the control plane calls them: vLLM's {@code weight_version}
   * @throws InvalidInfoException if it is not usable as a label; the state does not change
   * @throws EngineStateException if no update was started
   */
  void finishWeightUpdate(String version);

  /**
   * Which weights this worker holds, and whether it holds them whole. May be called from any thread
   * at any time, also after {@link #close()}.
   *
   * @return the status now
   */
  WeightStatus weightStatus();

  /**
   * Leaves the group and gives everything back; an operation under way ends with {@link
   * TransferAbortedException}. Idempotent; may be called from any thread.
   */
  @Override
  void close();
}
