package dev.weightcast.api;

import java.util.Map;

/** What a worker is told about one update; each kind of backend has its own. */
public interface UpdateInfo {

  /**
   * The info under the field's own names, ready to be written as JSON.
   *
   * @return the {@code update_info} object of the control plane
   */
  Map<String, Object> toMap();
}
