package dev.weightcast.cli;

import picocli.CommandLine.Option;

/** How a command tells what came of it. */
final class OutputOptions {

  @Option(names = "--json", description = "One line of JSON on standard output at the end.")
  private boolean json;

  boolean isJson() {
    return json;
  }
}
