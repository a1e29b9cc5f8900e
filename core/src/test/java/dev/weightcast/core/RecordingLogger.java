package dev.weightcast.core;

import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;

/** Keeps what is logged, as {@code LEVEL text}. */
final class RecordingLogger implements System.Logger {

  final List<String> lines = new ArrayList<>();

  @Override
  public String getName() {
    return "recording";
  }

  @Override
  public boolean isLoggable(Level level) {
    return true;
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {
    lines.add(level + " " + text);
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String format, Object... params) {
    lines.add(level + " " + format);
  }
}
