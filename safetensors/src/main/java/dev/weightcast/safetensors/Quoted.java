package dev.weightcast.safetensors;

/** Text out of a file that nobody has vouched for, made fit for a message. */
final class Quoted {

  private static final int LONGEST = 120;

  private Quoted() {}

  /** The text in quotes, its middle left out if it is long, without anything unprintable. */
  static String name(String text) {
    return "'" + plain(text) + "'";
  }

  /** The same without quotes. */
  static String plain(String text) {
    if (text.length() <= LONGEST) {
      return escaped(text);
    }
    int half = LONGEST / 2;
    return escaped(text.substring(0, half))
        + "…"
        + escaped(text.substring(text.length() - half))
        + " ("
        + text.length()
        + " characters)";
  }

  private static String escaped(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (isPrintable(c)) {
                result.appendCodePoint(c);
              } else {
                result.append(String.format("\\u%04x", c));
              }
            });
    return result.toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
