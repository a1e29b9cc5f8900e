package dev.weightcast.spi;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What to do about the texts that native libraries fail with. */
public final class NativeHints {

  private record Hint(String key, String advice) {}

  private static final List<Hint> HINTS =
      List.of(
          new Hint(
              "libcuda.so.1",
              "no NVIDIA driver is visible here: install it, or give the container access to the"
                  + " GPU"),
          new Hint(
              "cudaErrorInsufficientDriver",
              "no NVIDIA driver is visible here, or it is too old for CUDA 13: install driver 580 or"
                  + " newer, or give the container access to the GPU"),
          new Hint(
              "cudaErrorNoDevice",
              "CUDA sees no GPU: give the container access to one, and look at"
                  + " CUDA_VISIBLE_DEVICES"),
          new Hint(
              "libcudart.so.13",
              "install CUDA 13's runtime (package cuda-cudart-13-0 or newer of the same major"
                  + " version); CUDA 12 does not do"),
          new Hint(
              "libnccl.so.2",
              "install NCCL 2 (package libnccl2), or point the system property nccl.library at"
                  + " libnccl.so.2"),
          new Hint(
              "Could not find jni",
              "the native classifier jar is missing (org.bytedeco:cuda with classifier"
                  + " linux-x86_64 or linux-arm64); on the module path also add it with"
                  + " --add-modules"));

  /** What a JVM that denies native access says. */
  private static final String DENIED = "IllegalCallerException";

  /** Who was denied, in the JVM's words: a module by name, or one without a name. */
  private static final Pattern DENIED_MODULE =
      Pattern.compile("native access from:? (?:(?:an )?(unnamed module)|module ([\\w.]+))");

  /** JavaCPP's two modules: one loads libraries, the other declares native methods. */
  private static final String JAVACPP = "org.bytedeco.javacpp,org.bytedeco.cuda";

  private NativeHints() {}

  /**
   * The hint for a text.
   *
   * @param text what a native library or the JVM said
   * @return what to do, or empty if the text is not known
   */
  public static Optional<String> forText(String text) {
    return forText(text, NativeHints.class.getModule().isNamed());
  }

  /** The same, given whether this SDK was started from the module path. */
  static Optional<String> forText(String text, boolean modulePath) {
    return text.contains(DENIED)
        ? Optional.of("allow native access: --enable-native-access=" + denied(text, modulePath))
        : HINTS.stream().filter(hint -> text.contains(hint.key())).map(Hint::advice).findFirst();
  }

  private static String denied(String text, boolean modulePath) {
    Matcher named = DENIED_MODULE.matcher(text);
    if (!named.find()) {
      return modulePath ? JAVACPP : "ALL-UNNAMED";
    }
    String module = named.group(2);
    return module == null ? "ALL-UNNAMED" : module.startsWith("org.bytedeco.") ? JAVACPP : module;
  }

  /**
   * The text of the deepest cause: where the native library itself speaks.
   *
   * @param thrown what was caught
   * @return that cause's class and message; the class alone if it has no message
   */
  public static String deepestText(Throwable thrown) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Throwable deepest = thrown;
    for (@Nullable Throwable t = thrown; t != null && seen.add(t); t = t.getCause()) {
      deepest = t;
    }
    String message = deepest.getMessage();
    String name = deepest.getClass().getSimpleName();
    return message == null ? name : name + ": " + message;
  }
}
