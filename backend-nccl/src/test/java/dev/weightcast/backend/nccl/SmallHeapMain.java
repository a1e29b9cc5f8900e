package dev.weightcast.backend.nccl;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/** Calls CUDA and NCCL in a process that is far larger than its heap; see {@link SmallHeapTest}. */
final class SmallHeapMain {

  private SmallHeapMain() {}

  public static void main(String[] args) {
    String loaded = Loader.load(org.bytedeco.javacpp.presets.javacpp.class);
    ByteBuffer weights = ByteBuffer.allocateDirect(256 << 20);
    System.out.println("loaded " + loaded + ", holding " + weights);
    boolean over = Pointer.physicalBytes() > Pointer.maxPhysicalBytes();
    System.out.println(over ? "over JavaCPP's limit" : "under JavaCPP's limit");
    try (NcclLibrary.HandleCell cell = new JavacppNcclLibrary().newCell()) {
      System.out.println("a cell of " + cell.value());
    }
    boolean cuda;
    try {
      cuda = Loader.load(cudart.class) != null;
    } catch (LinkageError e) {
      cuda = false; // no CUDA runtime here: that is all there is to see
    }
    if (cuda) {
      callCuda(new JavacppCudaLibrary());
    }
    System.out.println("all went well");
  }

  private static void callCuda(CudaLibrary cuda) {
    System.out.println("memory: " + cuda.memoryInfo(0, new long[2]));
    System.out.println("malloc: " + cuda.allocate(0, 1, new long[1]));
    System.out.println("pinned: " + cuda.allocatePinned(0, 1, new long[1]));
    CopyBatch batch = new CopyBatch();
    batch.add(0x1000, 0x2000, 1);
    batch.add(0x3000, 0x5000, 1);
    System.out.println("batch: " + cuda.copyAll(0, batch, 0));
  }
}
