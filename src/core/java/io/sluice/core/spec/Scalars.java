package io.sluice.core.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a scalar without quotes means: the JSON schema of YAML 1.2 in lower case, and nothing else.
 * Norway stays a country and 12:30 a time of day (in YAML 1.1 they are a truth value and a number).
 */
final class Scalars {
  private static final Pattern WHOLE = Pattern.compile("[-+]?(0|[1-9][0-9]{0,30})");
  private static final Pattern REAL =
      Pattern.compile("[-+]?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,40})?([eE][-+]?[0-9]{1,4})?");

  /** Numbers elsewhere in YAML, or not in the same way: written bare they are a trap. */
  private static final Pattern AMBIGUOUS =
      Pattern.compile(
          "[-+]?(0[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+|[0-9]+_[0-9_]*|\\.[0-9]+|[0-9]+\\."
              + "|\\.(inf|Inf|INF))|\\.(nan|NaN|NAN)");

  private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");

  private Scalars() {}

  /** The value of a node that is a scalar with one meaning. */
  static Optional<JsonNode> value(Yaml node) {
    return node instanceof Yaml.Scalar s ? Optional.ofNullable(json(s)) : Optional.empty();
  }

  /** The value, or null when readers of YAML do not agree about it or it does not fit. */
  static @Nullable JsonNode json(Yaml.Scalar scalar) {
    String text = scalar.text();
    if (!scalar.plain()) {
      return TextNode.valueOf(text);
    }
    if (NULLS.contains(text)) {
      return NullNode.instance;
    }
    if (text.equals("true") || text.equals("false")) {
      return BooleanNode.valueOf(text.equals("true"));
    }
    if (WHOLE.matcher(text).matches()) {
      try {
        return LongNode.valueOf(Long.parseLong(text));
      } catch (NumberFormatException e) {
        return null;
      }
    }
    if (REAL.matcher(text).matches()) {
      double value = Double.parseDouble(text);
      return Double.isFinite(value) ? DoubleNode.valueOf(value) : null;
    }
    return AMBIGUOUS.matcher(text).matches() ? null : TextNode.valueOf(text);
  }
}
