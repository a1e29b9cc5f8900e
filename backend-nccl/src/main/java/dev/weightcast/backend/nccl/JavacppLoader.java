package dev.weightcast.backend.nccl;

import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/** Loads by way of JavaCPP. */
final class JavacppLoader implements NativeLoader {

  /** JavaCPP's own name of the library, as its preset links it. */
  private static final String LINK_NAME = "nccl@.2";

  @Override
  public CudaLibrary loadCuda() {
    Loader.load(cudart.class);
    return new JavacppCudaLibrary();
  }

  @Override
  public void loadNcclFrom(Path path) {
    Loader.load(org.bytedeco.javacpp.presets.javacpp.class);
    // This alone would do for the linker, and it says what is wrong with the file; the second call
    // tells JavaCPP that it need not look for the library any more.
    Loader.loadGlobal(path.toString());
    Pointer found = Loader.addressof("ncclGetVersion");
    if (found == null || found.isNull()) {
      throw new UnsatisfiedLinkError(path + ": is not NCCL, it has no ncclGetVersion");
    }
    try {
      Loader.loadLibrary(
          org.bytedeco.cuda.presets.nccl.class, new URL[] {path.toUri().toURL()}, LINK_NAME);
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException("not a path: " + path, e);
    }
  }

  @Override
  public void probeNccl() {
    Loader.load(org.bytedeco.javacpp.presets.javacpp.class);
    Loader.loadGlobal("libnccl.so.2");
  }

  @Override
  public NcclLibrary loadNccl() {
    Loader.load(nccl.class);
    return new JavacppNcclLibrary();
  }
}
