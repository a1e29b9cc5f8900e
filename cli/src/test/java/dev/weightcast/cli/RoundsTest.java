package dev.weightcast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.TransferReport;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What machines read of a round. */
class RoundsTest {

  @Test
  void theReportHasTheVersionAndTheRanksOfBothKinds() {
    TransferReport report =
        new TransferReport(
            1,
            2,
            3,
            4,
            Duration.ofSeconds(1),
            Optional.of("step \"7\""),
            List.of(1, 3),
            List.of(2));
    assertThat(Json.line(Rounds.json(report)))
        .endsWith("\"version\":\"step \\\"7\\\"\",\"acknowledged\":[1,3],\"unacknowledged\":[2]}");
  }

  @Test
  void aVersionThatNobodyHasSaidIsNull() {
    assertThat(Json.line(Rounds.json(new TransferReport(1, 2, 3, 4, Duration.ZERO))))
        .endsWith("\"version\":null,\"acknowledged\":[],\"unacknowledged\":[]}");
  }
}
