package dev.weightcast.quickstart;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows under a header, each column as wide as its widest cell, set to the right. */
final class Table {

  private final List<List<String>> rows = new ArrayList<>();

  Table(Object... header) {
    row(header);
  }

  void row(Object... cells) {
    rows.add(Arrays.stream(cells).map(String::valueOf).toList());
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      for (int column = 0; column < row.size(); column++) {
        String cell = row.get(column);
        text.append(" ".repeat(width(column) - cell.length() + (column == 0 ? 0 : 2))).append(cell);
      }
      text.append(System.lineSeparator());
    }
    return text.toString();
  }

  private int width(int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }
}
