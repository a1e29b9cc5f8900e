package dev.weightcast.backend.nccl;

import dev.weightcast.spi.Availability;
import dev.weightcast.spi.Availability.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Both libraries, loaded and looked at once; or every reason why they cannot be used.
 *
 * <p>Loading does not stop at the first thing that is missing: whoever has to install two things
 * wants to know both.
 */
final class NcclNatives {

  /** The path of the NCCL to use; there is no fallback from it. */
  static final String LIBRARY_PROPERTY = "nccl.library";

  /** The major version of CUDA that the preset is linked to. */
  private static final int CUDA_MAJOR = 13;

  private static final int CUDA_MAJOR_UNIT = 1000;

  private final List<Reason> reasons = new ArrayList<>();
  private @Nullable CudaLibrary cuda;
  private @Nullable NcclLibrary nccl;
  private @Nullable NcclVersion version;

  private NcclNatives() {}

  /** Loads and looks; never throws. */
  static NcclNatives load(NativeLoader loader, Properties properties) {
    NcclNatives natives = new NcclNatives();
    natives.cuda = natives.attempt("loading CUDA's runtime", loader::loadCuda);
    natives.nccl = natives.loadNccl(loader, properties.getProperty(LIBRARY_PROPERTY));
    natives.attempt("looking at CUDA", natives::lookAtCuda);
    natives.attempt("looking at NCCL", natives::lookAtNccl);
    return natives;
  }

  Availability availability() {
    return reasons.isEmpty() ? Availability.available() : Availability.unavailable(reasons);
  }

  CudaLibrary cuda() {
    return present(cuda);
  }

  NcclLibrary nccl() {
    return present(nccl);
  }

  NcclVersion version() {
    return present(version);
  }

  /** What is known of both libraries and of the devices, whether or not they can be used. */
  Map<String, String> details() {
    return NcclDetails.of(cuda, version);
  }

  private static <T> T present(@Nullable T thing) {
    if (thing == null) {
      throw new IllegalStateException("asked for natives that are not available");
    }
    return thing;
  }

  private @Nullable NcclLibrary loadNccl(NativeLoader loader, @Nullable String override) {
    if (override == null || override.isBlank()) {
      return attempt("loading NCCL", () -> glued(loader));
    }
    String what = "loading NCCL from " + override + " (system property " + LIBRARY_PROPERTY + ")";
    return attempt(
        what,
        () -> {
          Path path = Path.of(override).toAbsolutePath();
          if (!Files.isRegularFile(path)) {
            reasons.add(
                new Reason(
                    what + ": there is no such file",
                    "correct the property, or remove it to take the NCCL that the system finds"));
            return null;
          }
          loader.loadNcclFrom(path);
          return cuda == null ? null : loader.loadNccl();
        });
  }

  /** The glue to NCCL needs CUDA's: without that, all that can be said is whether NCCL is there. */
  private @Nullable NcclLibrary glued(NativeLoader loader) {
    if (cuda == null) {
      loader.probeNccl();
      return null;
    }
    return loader.loadNccl();
  }

  private @Nullable Void lookAtCuda() {
    CudaLibrary library = cuda;
    if (library == null) {
      return null;
    }
    int[] found = new int[1];
    int status = library.runtimeVersion(found);
    if (status != CudaLibrary.SUCCESS) {
      refuse(library, "cudaRuntimeGetVersion", status);
    } else if (found[0] / CUDA_MAJOR_UNIT != CUDA_MAJOR) {
      reasons.add(
          Reason.of(
              "CUDA's runtime has version " + found[0] + ", needed is libcudart.so." + CUDA_MAJOR));
    }
    status = library.deviceCount(found);
    if (status != CudaLibrary.SUCCESS) {
      refuse(library, "cudaGetDeviceCount", status);
    } else if (found[0] == 0) {
      reasons.add(Reason.of("cudaGetDeviceCount: cudaErrorNoDevice: CUDA sees no device"));
    }
    return null;
  }

  private void refuse(CudaLibrary library, String call, int status) {
    library.forgetError();
    reasons.add(Reason.of(call + ": " + CudaCalls.describe(library, status)));
  }

  private @Nullable Void lookAtNccl() {
    NcclLibrary library = nccl;
    if (library == null) {
      return null;
    }
    int[] code = new int[1];
    int status = library.version(code);
    NcclVersion found = new NcclVersion(code[0]);
    version = found;
    if (status != NcclLibrary.SUCCESS) {
      reasons.add(Reason.of("ncclGetVersion: " + library.errorText(status)));
    } else if (!found.isUsable()) {
      reasons.add(
          new Reason(
              "NCCL has version " + found + ", needed is 2, at least " + NcclVersion.MINIMUM,
              "install a newer libnccl.so.2, or point the system property "
                  + LIBRARY_PROPERTY
                  + " at one"));
    }
    return null;
  }

  /** What loading throws can be anything, also errors that only the linker makes. */
  private <T> @Nullable T attempt(String what, Supplier<@Nullable T> attempt) {
    try {
      return attempt.get();
    } catch (Exception | Error e) {
      reasons.add(LinkTexts.reason(what, e));
      return null;
    }
  }
}
