package dev.weightcast.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.WeightTransferEngine;
import dev.weightcast.spi.BackendProvider;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** Builds real jars of real classes, so that the JDK's own service loader has something to find. */
final class Jars {

  static final String SERVICES = "META-INF/services/dev.weightcast.spi.BackendProvider";

  private final Path folder;

  Jars(Path folder) throws IOException {
    this.folder = folder.toRealPath();
  }

  Jar jar(String fileName) {
    return new Jar(folder.resolve(fileName));
  }

  /** What the application's class loader is to these tests: it sees the jars, then us. */
  static URLClassLoader classPath(Path... jars) {
    URL[] urls = Stream.of(jars).map(Jars::url).toArray(URL[]::new);
    return new URLClassLoader("jars", urls, WeightTransfer.class.getClassLoader());
  }

  private static URL url(Path jar) {
    try {
      return jar.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The source of a provider that is called so; {@code body} replaces its availability. */
  static String provider(String className, String name) {
    return provider(className, "", "", name);
  }

  static String provider(String className, String superclass, String constructor, String name) {
    int dot = className.lastIndexOf('.');
    String simple = className.substring(dot + 1);
    return """
    package %s;

    import dev.weightcast.api.*;
    import dev.weightcast.spi.*;

    public class %s %s implements BackendProvider {
      public %s() { %s }
      public String name() { return "%s"; }
      public int spiVersion() { return SpiVersion.CURRENT; }
      public Availability availability() { return Availability.available(); }
      public int priority() { return 10; }
      public WeightTransferEngine<?, ?> worker(BackendContext c) { throw new Error(); }
      public TrainerWeightTransferEngine<?> trainer(BackendContext c) { throw new Error(); }
    }
    """
        .formatted(className.substring(0, dot), simple, superclass, simple, constructor, name);
  }

  /** One jar to be: sources are compiled, the rest is packed as it is. */
  static final class Jar {
    private final Path file;
    private final Map<String, String> sources = new LinkedHashMap<>();
    private final List<String> left = new ArrayList<>();
    private final StringBuilder services = new StringBuilder();

    private Jar(Path file) {
      this.file = file;
    }

    Jar source(String className, String source) {
      sources.put(className, source);
      return this;
    }

    /** Compiles against this class and leaves it out, as a lost dependency would be. */
    Jar leaveOut(String className) {
      left.add(className);
      return this;
    }

    Jar service(String line) {
      services.append(line).append('\n');
      return this;
    }

    Jar provider(String className, String name) {
      return source(className, Jars.provider(className, name)).service(className);
    }

    Path build() throws IOException {
      Path work = file.resolveSibling(file.getFileName() + ".work");
      Path classes = Files.createDirectories(work.resolve("classes"));
      compile(work.resolve("sources"), classes);
      for (String className : left) {
        Files.delete(classes.resolve(className.replace('.', '/') + ".class"));
      }
      if (!services.isEmpty()) {
        Path services = classes.resolve(SERVICES);
        Files.createDirectories(services.getParent());
        Files.writeString(services, this.services);
      }
      run("jar", "--create", "--file", file.toString(), "-C", classes.toString(), ".");
      return file;
    }

    private void compile(Path folder, Path classes) throws IOException {
      if (sources.isEmpty()) {
        return;
      }
      String path =
          place(BackendProvider.class) + File.pathSeparator + place(WeightTransferEngine.class);
      String option = sources.containsKey("module-info") ? "--module-path" : "--class-path";
      List<String> arguments = new ArrayList<>(List.of(option, path, "-d", classes.toString()));
      for (Map.Entry<String, String> source : sources.entrySet()) {
        Path java = folder.resolve(source.getKey().replace('.', '/') + ".java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, source.getValue());
        arguments.add(java.toString());
      }
      run("javac", arguments.toArray(String[]::new));
    }

    private static String place(Class<?> type) {
      return Locations.of(type).orElseThrow();
    }

    private static void run(String tool, String... arguments) {
      StringWriter said = new StringWriter();
      PrintWriter writer = new PrintWriter(said);
      int status = ToolProvider.findFirst(tool).orElseThrow().run(writer, writer, arguments);
      assertThat(status).as(said.toString()).isZero();
    }
  }
}
