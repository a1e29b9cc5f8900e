/**
 * The backend {@code nccl}: groups, device memory, streams and events over JavaCPP's presets for
 * CUDA and NCCL.
 *
 * <p>Nothing here waits inside a native library where a deadline holds, and nothing depends on
 * garbage collection: what is native is closed by whoever made it.
 */
@NullMarked
package dev.weightcast.backend.nccl;

import org.jspecify.annotations.NullMarked;
