package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.spi.Availability.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NcclNativesTest {

  private final FakeCuda cuda = new FakeCuda();
  private final FakeNccl nccl = new FakeNccl();
  private final Properties properties = new Properties();
  private final Loader loader = new Loader();

  /** Loads what it is told to, or throws. */
  private final class Loader implements NativeLoader {
    final List<String> steps = new ArrayList<>();
    Throwable onCuda;
    Throwable onPath;
    Throwable onNccl;

    private void step(String name, Throwable thrown) {
      steps.add(name);
      if (thrown instanceof Error error) {
        throw error;
      }
      if (thrown != null) {
        throw (RuntimeException) thrown;
      }
    }

    @Override
    public CudaLibrary loadCuda() {
      step("cuda", onCuda);
      return cuda;
    }

    @Override
    public void loadNcclFrom(Path path) {
      step("path " + path.getFileName(), onPath);
    }

    @Override
    public void probeNccl() {
      step("probe", onNccl);
    }

    @Override
    public NcclLibrary loadNccl() {
      step("nccl", onNccl);
      return nccl;
    }
  }

  private NcclNatives load() {
    return NcclNatives.load(loader, properties);
  }

  private List<Reason> reasons() {
    return load().availability().reasons();
  }

  @Test
  void whateverLoadingThrowsIsAReason() {
    for (Throwable thrown :
        List.of(new AssertionError("odd"), new StackOverflowError("deep"), new Error("plain"))) {
      loader.onCuda = thrown;
      assertThat(reasons().get(0).text()).contains(thrown.getMessage());
    }
  }

  @Test
  void withBothLibrariesAndADeviceItIsAvailable() {
    NcclNatives natives = load();
    assertThat(natives.availability().isAvailable()).isTrue();
    assertThat(natives.version()).hasToString("2.28.9");
    assertThat(natives.cuda()).isSameAs(cuda);
    assertThat(loader.steps).containsExactly("cuda", "nccl");
  }

  @Test
  void withoutADriverAndWithoutNcclBothAreSaidWithAHintEach() {
    loader.onCuda =
        new UnsatisfiedLinkError(
            "libjnicudart.so: libcuda.so.1: cannot open shared object file: No such file");
    loader.onNccl = new UnsatisfiedLinkError("libnccl.so.2: cannot open shared object file");
    assertThat(reasons())
        .satisfiesExactly(
            reason -> {
              assertThat(reason.text()).contains("libcuda.so.1: cannot open shared object file");
              assertThat(reason.hint()).contains("no NVIDIA driver");
            },
            reason -> {
              assertThat(reason.text()).contains("libnccl.so.2: cannot open");
              assertThat(reason.hint()).contains("install NCCL");
            });
    assertThatThrownBy(() -> load().nccl()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theTextThatHasAHintIsTakenFromTheChainOfCauses() {
    Error outer = new NoClassDefFoundError("Could not initialize class cudart");
    Error middle = new UnsatisfiedLinkError("libcudart.so.13: cannot open shared object file");
    middle.initCause(new UnsatisfiedLinkError("no cudart in java.library.path"));
    outer.initCause(middle);
    loader.onCuda = outer;
    assertThat(reasons().get(0).text()).contains("libcudart.so.13: cannot open");
    assertThat(reasons().get(0).hint()).contains("CUDA 13's runtime");
  }

  @Test
  void noAccessToNativesNamesTheFlag() {
    loader.onCuda =
        new NoClassDefFoundError("x") {
          @Override
          public synchronized Throwable getCause() {
            return new IllegalCallException("Illegal native access from module org.x");
          }
        };
    assertThat(reasons().get(0).text()).contains("Illegal native access");
  }

  private static final class IllegalCallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    IllegalCallException(String message) {
      super(message);
    }
  }

  @Test
  void anExplicitLibraryIsLoadedFirst(@TempDir Path folder) throws IOException {
    Path library = Files.createFile(folder.resolve("libnccl.so.2.28"));
    properties.setProperty("nccl.library", library.toString());
    assertThat(reasons()).isEmpty();
    assertThat(loader.steps).containsExactly("cuda", "path libnccl.so.2.28", "nccl");
  }

  @Test
  void thereIsNoFallbackFromAnExplicitLibrary(@TempDir Path folder) throws IOException {
    Path library = Files.createFile(folder.resolve("libnccl.so.2"));
    properties.setProperty("nccl.library", library.toString());
    loader.onPath = new UnsatisfiedLinkError(library + ": file too short");
    assertThat(reasons())
        .singleElement()
        .satisfies(
            r ->
                assertThat(r.text())
                    .contains(library.toString(), "nccl.library", "file too short"));
    assertThat(loader.steps).doesNotContain("nccl", "probe");
  }

  @Test
  void anExplicitLibraryThatIsNotThereIsSaid(@TempDir Path folder) {
    properties.setProperty("nccl.library", folder.resolve("nowhere.so").toString());
    assertThat(reasons())
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.text()).contains("nowhere.so", "there is no such file");
              assertThat(r.hint()).contains("correct the property");
            });
    assertThat(loader.steps).containsExactly("cuda");
  }

  @Test
  void anOldNcclIsRefused() {
    nccl.version = 22304;
    assertThat(reasons())
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.text()).contains("2.23.4", "at least 2.24.0");
              assertThat(r.hint()).contains("nccl.library");
            });
  }

  @Test
  void anotherMajorVersionOfCudaIsRefused() {
    cuda.fail("version", 12080);
    assertThat(reasons())
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.text()).contains("12080", "libcudart.so.13");
              assertThat(r.hint()).contains("CUDA 12 does not do");
            });
  }

  @Test
  void aMachineWithoutADeviceSaysSo() {
    cuda.fail("count", 0);
    assertThat(reasons())
        .singleElement()
        .satisfies(r -> assertThat(r.hint()).contains("CUDA_VISIBLE_DEVICES"));
  }

  @Test
  void anOldDriverIsSaidInCudasWords() {
    cuda.fail("cudaGetDeviceCount", 35);
    assertThat(reasons())
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.text()).contains("cudaGetDeviceCount", "cudaErrorInsufficientDriver");
              assertThat(r.hint()).contains("driver 580");
            });
  }
}
