package io.sluice.cluster.fold;

/**
 * A condition of an object; all empty while there is none.
 *
 * @param status {@code True}, {@code False} or {@code Unknown}
 * @param reason one word, for programs
 * @param message for people
 */
public record Condition(String status, String reason, String message) {
  /** The state of an object that has no such condition yet. */
  public static final Condition NONE = new Condition("", "", "");

  static Condition of(Tree object, String type) {
    return object.at("status", "conditions").list().stream()
        .filter(c -> c.at("type").text().equals(type))
        .findFirst()
        .map(c ->
            new Condition(c.at("status").text(), c.at("reason").text(), c.at("message").text()))
        .orElse(NONE);
  }

  boolean isTrue() {
    return status.equals("True");
  }

  boolean isFalse() {
    return status.equals("False");
  }

  /** Whether it is either true or false for good. */
  public boolean isDecided() {
    return isTrue() || isFalse();
  }
}
