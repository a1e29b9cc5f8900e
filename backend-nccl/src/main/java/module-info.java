/** Weights between GPUs with NCCL; found as the backend {@code nccl}. */
module dev.weightcast.backend.nccl {
  // The engines, and the interfaces that this module implements under them
  requires transitive dev.weightcast.spi;
  // The store, and the unique id's way through it
  requires dev.weightcast.rendezvous;
  // CUDA's runtime and NCCL
  requires org.bytedeco.cuda;
  requires org.bytedeco.javacpp;
  // Annotations, needed to compile and never to run
  requires static com.google.auto.service;
  requires static org.jspecify;

  // The provider, for whoever makes engines without the registry
  exports dev.weightcast.backend.nccl;

  provides dev.weightcast.spi.BackendProvider with
      dev.weightcast.backend.nccl.NcclBackendProvider;
}
