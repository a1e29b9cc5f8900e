package dev.weightcast.api;

/**
 * A change applied to each tensor before it is sent, such as a cast or another name: vLLM's {@code
 * post_iter_func}.
 *
 * <p>The two methods agree with each other: what {@link #mapTensor} returns has the spec that
 * {@link #mapSpec} announced, and the engine checks it.
 */
public interface TensorMapping {

  /**
   * What a tensor will be after the change.
   *
   * @param spec what the source announces
   * @return what the receivers are told
   */
  TensorSpec mapSpec(TensorSpec spec);

  /**
   * Changes one tensor.
   *
   * @param tensor what the source yields
   * @return what is sent; made with {@link SourceTensor#withTensor} it keeps the source's ready
   *     event and release
   */
  SourceTensor mapTensor(SourceTensor tensor);
}
