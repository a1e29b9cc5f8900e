package dev.weightcast.backend.nccl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the backend runs on, for whoever looks: driver, CUDA, NCCL and devices. */
final class NcclDetails {

  /** The kernel module's own words, on Linux. */
  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

  private static final Pattern DRIVER_VERSION =
      Pattern.compile("\\b(\\d{3,}\\.\\d+(?:\\.\\d+)?)\\b");

  private static final double GIB = 1L << 30;

  private NcclDetails() {}

  static Map<String, String> of(@Nullable CudaLibrary cuda, @Nullable NcclVersion nccl) {
    Map<String, String> details = new LinkedHashMap<>();
    driver().ifPresent(version -> details.put("driver", version));
    if (cuda != null) {
      addCuda(cuda, details);
    }
    if (nccl != null) {
      details.put("NCCL", nccl.toString());
    }
    return details;
  }

  private static void addCuda(CudaLibrary cuda, Map<String, String> details) {
    int[] number = new int[1];
    if (cuda.driverVersion(number) == CudaLibrary.SUCCESS && number[0] > 0) {
      details.put("driver is good for CUDA", cudaVersion(number[0]));
    }
    if (cuda.runtimeVersion(number) == CudaLibrary.SUCCESS) {
      details.put("CUDA runtime", cudaVersion(number[0]));
    }
    int devices = cuda.deviceCount(number) == CudaLibrary.SUCCESS ? number[0] : 0;
    for (int device = 0; device < devices; device++) {
      String[] properties = new String[2];
      if (cuda.deviceProperties(device, properties) == CudaLibrary.SUCCESS) {
        details.put(
            "cuda:" + device,
            String.format(
                Locale.ROOT, "%s, %.1f GiB", properties[0], Long.parseLong(properties[1]) / GIB));
      }
    }
    cuda.forgetError();
  }

  /** CUDA's numbers: 13030 is 13.3. */
  private static String cudaVersion(int number) {
    return number / 1000 + "." + number % 1000 / 10;
  }

  private static Optional<String> driver() {
    try {
      return Files.isReadable(DRIVER) ? driverVersion(Files.readString(DRIVER)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // it would have been nice to know, no more
    }
  }

  /** The number in {@code NVRM version: NVIDIA UNIX x86_64 Kernel Module 580.65.06 Sun …}. */
  static Optional<String> driverVersion(String text) {
    Matcher matcher = DRIVER_VERSION.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
