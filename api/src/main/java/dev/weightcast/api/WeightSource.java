package dev.weightcast.api;

import java.util.List;

/**
 * Where a trainer's weights come from: what there is, without data, and then the data itself,
 * afresh each round.
 */
public interface WeightSource {

  /**
   * What the tensors are, in the order they are sent. Does not change between rounds unless the
   * model does.
   *
   * @return the specs
   */
  List<TensorSpec> specs();

  /**
   * Begins a fresh pass over the tensors.
   *
   * @return tensors that match {@link #specs()} pair by pair; the caller closes it
   */
  WeightPass open();

  /**
   * This source with each tensor changed on its way out.
   *
   * @param mapping what to do with each
   * @return a source whose specs and tensors are the mapped ones
   */
  default WeightSource map(TensorMapping mapping) {
    return new MappedWeightSource(this, mapping);
  }

  /**
   * A source of tensors that stay where they are, for as many rounds as there are.
   *
   * @param tensors the tensors, in the order they are sent
   * @return the source
   */
  static WeightSource of(List<Tensor> tensors) {
    List<Tensor> copy = List.copyOf(tensors);
    List<TensorSpec> specs = copy.stream().map(Tensor::spec).toList();
    return new WeightSource() {
      @Override
      public List<TensorSpec> specs() {
        return specs;
      }

      @Override
      public WeightPass open() {
        return WeightPass.of(copy.stream().map(SourceTensor::of).iterator());
      }
    };
  }
}
