package io.sluice.core.gate;

import io.sluice.core.diag.DidYouMean;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value that a candidate's own figure on the holdout must reach, or, where less is better, must
 * not exceed; of all rows or of those of a slice.
 *
 * @param name as the policy writes it: {@code recall}, {@code slice(country).f1}, {@code
 *     slice(country=DE).f1(0.3)}
 * @param column of the slices that it is about; empty for all rows
 * @param value the one slice that it is about; empty for every slice of the column
 * @param bound the least value of the figure, or the largest one where less is better
 */
public record Floor(
    String name,
    Metric.Loss figure,
    Optional<String> column,
    Optional<String> value,
    double bound) {
  private static final String SLICE_FORM = "slice\\([^=()]+(=[\\s\\S]*)?\\)\\.";
  private static final Pattern SLICE =
      Pattern.compile("slice\\(([^=()]+)(?:=([\\s\\S]*))?\\)\\.([a-z0-9_]+(?:\\([0-9.]*\\))?)");

  /** The floor of this name; empty when no figure and no slice of one is written so. */
  public static Optional<Floor> of(String name, double bound) {
    Matcher slice = SLICE.matcher(name);
    boolean sliced = slice.matches();
    return Metric.figure(sliced ? slice.group(3) : name)
        .map(figure ->
            new Floor(
                name,
                figure,
                sliced ? Optional.of(slice.group(1)) : Optional.empty(),
                sliced ? Optional.ofNullable(slice.group(2)) : Optional.empty(),
                bound));
  }

  /** The form of all names: a regular expression that is valid both in Java and in ECMA 262. */
  public static String form() {
    return "(" + SLICE_FORM + ")?(" + Metric.figureForm() + ")";
  }

  /** What to write in place of a name that is none. */
  public static String hint(String name) {
    String figure = name.replaceFirst("^slice[\\s\\S]*\\)\\.", "");
    return (name.startsWith("slice") && figure.equals(name))
            || (!figure.equals(name) && Metric.figure(figure).isPresent())
        ? "write slice(column).f1 or slice(column=value).f1"
        : DidYouMean.hint(Metric.figures(), figure);
  }

  /** Whether the bound is one that the figure may have. */
  public boolean possible() {
    return bound >= 0 && bound <= (atLeast() ? 1 : Double.MAX_VALUE);
  }

  /** The bounds that the figure may have. */
  public String range() {
    return atLeast() ? "a number from 0 to 1" : "a number that is not negative";
  }

  /** Whether the bound is the least value; otherwise it is the largest one. */
  boolean atLeast() {
    return figure.direction() == Direction.MAXIMIZE;
  }

  /** Whether both are about the same figure of the same rows. */
  public boolean sameAs(Floor other) {
    return figure.equals(other.figure) && column.equals(other.column) && value.equals(other.value);
  }

  boolean metBy(double measured) {
    return atLeast() ? Rounding.atMost(bound, measured) : Rounding.atMost(measured, bound);
  }
}
