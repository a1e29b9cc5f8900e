/** Checkpoints in the safetensors format: read as a source of weights, and written. */
module dev.weightcast.safetensors {
  // The source is a WeightSource and yields tensors.
  requires transitive dev.weightcast.api;
  // The streaming parser, for the header and the index; it appears in no signature.
  requires com.fasterxml.jackson.core;
  // Annotations for nullness, needed to compile and never to run; not transitive, so that no
  // consumer has to have them.
  requires static org.jspecify;

  // The source, the writer and what they throw
  exports dev.weightcast.safetensors;
}
