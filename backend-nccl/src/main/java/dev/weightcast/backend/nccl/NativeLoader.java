package dev.weightcast.backend.nccl;

import java.nio.file.Path;

/** Loads the two libraries and the glue to them; what is thrown is whatever the loading threw. */
interface NativeLoader {

  /** CUDA's runtime. */
  CudaLibrary loadCuda();

  /** The NCCL that lies at a path and no other. */
  void loadNcclFrom(Path path);

  /** Whether the system finds NCCL; for when the glue, which needs CUDA, cannot be loaded. */
  void probeNccl();

  /** NCCL: the one that was loaded from a path, or the one that the system finds. */
  NcclLibrary loadNccl();
}
