package dev.weightcast.backend.loopback;

import dev.weightcast.api.InvalidInfoException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The TCP sockets of this process, as Linux tells them. Others are left out: the JVM opens some for
 * itself, once and for good.
 */
final class OpenSockets {

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));

  // Columns of the tables
  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int INODE = 9;

  private OpenSockets() {}

  /** Each with its ports; none where there is no such table. */
  static List<String> now() {
    List<String> found = new ArrayList<>();
    if (!Files.isDirectory(DESCRIPTORS)) {
      return found;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(DESCRIPTORS)) {
      Map<String, String> known = known();
      for (Path each : all) {
        String socket = known.get(target(each));
        if (socket != null) {
          found.add(socket);
        }
      }
    } catch (IOException e) {
      throw new InvalidInfoException("cannot list " + DESCRIPTORS + ": " + e, e);
    }
    return found;
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed since it was listed, as the listing's own is
    }
  }

  /** From what a descriptor of it points to. */
  private static Map<String, String> known() throws IOException {
    Map<String, String> known = new HashMap<>();
    for (Path table : TABLES) {
      if (Files.isReadable(table)) {
        for (String line : Files.readAllLines(table)) {
          String[] columns = line.strip().split(" +", -1);
          if (columns.length > INODE && columns[LOCAL].contains(":")) {
            known.put(
                "socket:[" + columns[INODE] + "]",
                table.getFileName()
                    + " from port "
                    + port(columns[LOCAL])
                    + " to port "
                    + port(columns[REMOTE])
                    + " (number "
                    + columns[INODE]
                    + ")");
          }
        }
      }
    }
    return known;
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
  }
}
