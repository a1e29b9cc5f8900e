package dev.weightcast.api;

import java.util.List;
import java.util.Objects;

/** A source seen through a mapping. */
record MappedWeightSource(WeightSource source, TensorMapping mapping) implements WeightSource {

  @Override
  public List<TensorSpec> specs() {
    return source.specs().stream().map(mapping::mapSpec).toList();
  }

  @Override
  public WeightPass open() {
    WeightPass pass = source.open();
    return new WeightPass() {
      @Override
      public boolean hasNext() {
        return pass.hasNext();
      }

      @Override
      public SourceTensor next() {
        SourceTensor tensor = pass.next();
        try {
          return Objects.requireNonNull(mapping.mapTensor(tensor), "the mapping returned null");
        } catch (RuntimeException | Error e) {
          tensor.release(); // nobody else will: it never reached the engine
          throw e;
        }
      }

      @Override
      public void close() {
        pass.close();
      }
    };
  }
}
