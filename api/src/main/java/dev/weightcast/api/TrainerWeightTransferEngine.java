package dev.weightcast.api;

import java.util.Map;

/**
 * The trainer's side: makes the group and sends the weights of a source to all workers.
 *
 * <pre>{@code
 * trainer.initTransferEngine(initInfo); // while the workers join
 * trainer.sendWeights(source);          // while the workers receive
 * }</pre>
 *
 * <p>The operations are for one thread at a time: a second call meanwhile is refused. {@link
 * #close()} and {@link #state()} may be called from any thread at any time; closing ends an
 * operation that is under way. No operation waits longer than the config's timeout. After any
 * failure the state is {@link EngineState#FAILED} and {@link #initTransferEngine} starts afresh.
 *
 * @param <I> what the engine is told to make its group
 */
public interface TrainerWeightTransferEngine<I extends InitInfo> extends AutoCloseable {

  /**
   * The init info that this backend takes.
   *
   * @return its class
   */
  Class<I> initInfoType();

  /**
   * An init info as it came over the control plane.
   *
   * @param map the {@code init_info} object
   * @return the info
   * @throws InvalidInfoException if it is not usable; names the key
   */
  I parseInitInfo(Map<String, ?> map);

  /**
   * A fresh unique id for a group, to be carried to every rank.
   *
   * @return the id
   * @throws UnsupportedOperationException if groups of this backend have none
   */
  UniqueId createUniqueId();

  /**
   * Where the engine is in its life.
   *
   * @return the state now
   */
  EngineState state();

  /**
   * The device that the engine sends from.
   *
   * @return memory, streams and events there; usable until the engine closes
   */
  DeviceContext deviceContext();

  /**
   * Makes the group, and returns when all ranks have joined. From {@link EngineState#NEW} or {@link
   * EngineState#FAILED}; from {@link EngineState#READY} it leaves the old group first.
   *
   * @param info where the group meets
   * @throws InvalidInfoException if the info is not usable; the state does not change then. Also if
   *     it does not fit the group, which was told another world size; then the state is {@link
   *     EngineState#FAILED}
   * @throws TransferTimeoutException if not all ranks came in time
   * @throws RankFailedException if another rank failed meanwhile, as far as that is known
   * @throws TransferAbortedException if interrupted or closed meanwhile
   * @throws EngineStateException if the state does not allow it
   */
  void initTransferEngine(I info);

  /**
   * Sends the source's weights as the group was initialised, and returns when every tensor has been
   * sent and released, and every worker of Weightcast's own has said that it holds all of them.
   *
   * @param source the weights
   * @return what was sent
   * @throws TensorMismatchException if the source yields another tensor than it announced; nothing
   *     of that bucket is sent
   * @throws TransferMismatchException if a worker was told other tensors or another packing;
   *     nothing was sent then
   * @throws RankFailedException if a worker failed or left, as far as that is known
   * @throws TransferTimeoutException if the workers did not take the bytes in time
   * @throws TransferAbortedException if interrupted or closed meanwhile
   * @throws TransferException if the source, the device or the communicator failed
   * @throws EngineStateException if the engine is not {@link EngineState#READY}
   */
  default TransferReport sendWeights(WeightSource source) {
    return sendWeights(source, SendOptions.defaults());
  }

  /**
   * Sends the source's weights, and returns when every tensor has been sent and released, and every
   * worker of Weightcast's own has said that it holds all of them.
   *
   * @param source the weights
   * @param options what this send does differently
   * @return what was sent
   * @throws TensorMismatchException if the source yields another tensor than it announced; nothing
   *     of that bucket is sent
   * @throws TransferMismatchException if a worker was told other tensors or another packing;
   *     nothing was sent then
   * @throws RankFailedException if a worker failed or left, as far as that is known
   * @throws TransferTimeoutException if the workers did not take the bytes in time
   * @throws TransferAbortedException if interrupted or closed meanwhile
   * @throws TransferException if the source, the device or the communicator failed
   * @throws EngineStateException if the engine is not {@link EngineState#READY}
   */
  TransferReport sendWeights(WeightSource source, SendOptions options);

  /**
   * Leaves the group and gives everything back; an operation under way ends with {@link
   * TransferAbortedException}. Idempotent; may be called from any thread.
   */
  @Override
  void close();
}
