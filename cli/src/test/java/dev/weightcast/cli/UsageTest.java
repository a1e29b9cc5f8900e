package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be done is said in one line, with exit code 2, before anything is begun. */
class UsageTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|which command?",
        "fly|Unmatched argument at index 0: 'fly'",
        "send --master h:1|Missing required argument (specify one of these):",
        "send --checkpoint a --specs b --master h:1|--checkpoint=PATH, --specs=FILE are mutually",
        "send --specs SPECS|where does the group meet? Give --master HOST:PORT or --unique-id-file FILE",
        "send --specs SPECS --master h:1 --unique-id-file f|give either --master or --unique-id-file, not both",
        "send --specs SPECS --master h|Invalid value for option '--master': 'h' is not an address: write it HOST:PORT",
        "send --specs SPECS --master h:0|--master h:0: a group needs a port from 1 to 65535",
        "send --specs SPECS --master h:1 --world-size 1|--world-size 1: a group is a trainer and at least one worker, so 2",
        "send --specs SPECS --master h:1 --world-size x|Invalid value for option '--world-size': 'x' is not an int",
        "send --specs SPECS --master h:1 --timeout 0|--timeout must be longer than zero, such as 90s",
        "send --specs SPECS --master h:1 --timeout soon|'soon' is not a duration",
        "send --specs SPECS --master h:1 --rounds 0|--rounds must be at least 1, found 0",
        "send --specs SPECS --master h:1 --buffer-size 12M|'12M' is not a size",
        "send --specs SPECS --master h:1 --num-buffers 0|packed_num_buffers must be at least 1, found 0",
        "send --specs SPECS --master h:1 --device 7 --backend loopback|no device '7'; write it like cpu, cuda:0",
        "send --specs nowhere.json --master h:1|--specs: there is no file 'nowhere.json'",
        "send --checkpoint nowhere --master h:1|nowhere",
        "receive --master h:1|Missing required argument (specify one of these):",
        "receive --specs SPECS --master h:1 --rank 0|--rank 0: the workers of a group of 2 are rank 1 to 1; rank 0 sends",
        "receive --specs SPECS --master h:1 --rank 2|--rank 2: the workers of a group of 2 are rank 1 to 1; rank 0 sends",
        "receive --specs SPECS --master h:1 --verify-seed 0 --verify-against x|give either --verify-against or --verify-seed, not both",
        "receive --specs SPECS --master h:1 --out FOLDER|is a folder",
        "receive --specs SPECS --master h:1 --out FOLDER/none/x|has no folder",
        "bench --list nothing|--list 'nothing': there is no such file, and the lists that are built in are llama-8b, moe and tiny",
        "bench --scale 0|--scale must be more than 0 and at most 1, found 0.0",
        "bench --scale 2|--scale must be more than 0 and at most 1, found 2.0",
        "bench --rank 1|--rank and --master belong together",
        "bench --master h:1|--rank and --master belong together",
        "bench --rank 2 --master h:1|--rank 2: the ranks of a group of 2 are 0 to 1",
        "bench --rounds 0|--rounds must be at least 1, found 0",
        "bench --world-size 1|--world-size 1: a group is a trainer",
        "bench --picture FOLDER/none/x.svg|cannot be written there",
        "store|Missing required option: '--master=HOST:PORT'",
        "store --master localhost:0 --world-size 1|--world-size 1: a group is a trainer",
        "store --master localhost:0 --timeout 0s|--timeout must be longer than zero",
        "store --master 192.0.2.1.invalid:0|cannot be resolved on this host",
        "backends --json --what|Unknown option: '--what'",
      })
  void isRefusedInALineThatSaysWhy(String line, String why) throws IOException {
    Files.writeString(folder.resolve("specs.json"), "[[\"a\", \"int8\", [3]]]");
    String words =
        line.replace("SPECS", folder.resolve("specs.json").toString())
            .replace("FOLDER", folder.toString());
    Shell.Result result = Shell.run(words.isEmpty() ? new String[0] : words.split(" "));
    assertThat(result.err()).contains(why);
    assertThat(result.code()).isEqualTo(ExitCode.USAGE);
    List<String> lines = result.err().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).startsWith("weightcast");
    assertThat(lines.get(1)).matches("see 'weightcast.* --help'");
    assertThat(result.err()).doesNotContain("\tat ");
  }

  @Test
  void aStackTraceComesOnlyWhenAskedFor() {
    String[] plain = {"bench", "--rounds", "0"};
    String[] verbose = {"bench", "--rounds", "0", "--verbose"};
    assertThat(Shell.run(plain).err()).doesNotContain("UsageException");
    assertThat(Shell.run(verbose).err()).contains("UsageException", "\tat ");
  }

  @Test
  void aMachineIsToldToo() {
    Shell.Result result = Shell.run("bench", "--rounds", "0", "--json");
    assertThat(result.out())
        .isEqualToIgnoringNewLines(
            "{\"command\":\"bench\",\"ok\":false,\"exit_code\":2,"
                + "\"error\":\"--rounds must be at least 1, found 0\"}");
  }

  @Test
  void aBackendThatIsNotThereIsSaidWithWhatIs() {
    Shell.Result result =
        Shell.run("bench", "--backend", "carrier-pigeon", "--scale", "0.01", "--rounds", "1");
    assertThat(result.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(result.err())
        .contains("No backend is called 'carrier-pigeon'.", "'loopback'", "'nccl'", "next: ");
  }
}
