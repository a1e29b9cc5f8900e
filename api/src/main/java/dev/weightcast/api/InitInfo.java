package dev.weightcast.api;

import java.util.Map;

/** What an engine is told to find its group; each kind of backend has its own. */
public interface InitInfo {

  /**
   * The info under the field's own names, ready to be written as JSON.
   *
   * @return the {@code init_info} object of the control plane
   */
  Map<String, Object> toMap();
}
