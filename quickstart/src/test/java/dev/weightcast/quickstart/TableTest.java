package dev.weightcast.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void everyColumnIsAsWideAsItsWidestCell() {
    Table table = new Table("worker", "bytes");
    table.row(1, 12345678L);
    table.row(10, 9);

    assertThat(table.toString().lines())
        .containsExactly(
            "worker     bytes", //
            "     1  12345678",
            "    10         9");
  }
}
