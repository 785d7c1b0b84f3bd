package io.sluice.tekton.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Values that are hard on YAML, from a seed. */
final class Values {
  private static final String[] PIECES = {
    "a",
    "true",
    "no",
    "1",
    "0x1",
    "1e3",
    ".",
    "-",
    "--",
    ":",
    ": ",
    " #",
    "#",
    "\n",
    "\n\n",
    "\t",
    " ",
    "  ",
    "\"",
    "'",
    "\\",
    "|",
    ">",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&",
    "*",
    "!",
    "%",
    "@",
    "`",
    "$(params.x)",
    "$$",
    "é",
    "\u0085",
    "\u2028",
    "\u00a0",
    "\ufeff",
    "\ud83d\ude00",
    "\r",
    "\u0007",
    "~",
    "=",
    "echo \"$1\"",
    "2001-01-01",
    "0b1",
    "y",
    "\ufffe",
    "\u007f",
    "?",
    "? ",
    "- "
  };

  private Values() {}

  static String text(Random random) {
    StringBuilder b = new StringBuilder();
    for (int n = random.nextInt(7); n > 0; n--) {
      b.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return b.toString();
  }

  static Map<String, Object> tree(Random random, int depth) {
    Map<String, Object> tree = new LinkedHashMap<>();
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      tree.put(text(random), value(random, depth));
    }
    return tree;
  }

  private static Object value(Random random, int depth) {
    return switch (random.nextInt(depth > 0 ? 6 : 4)) {
      case 0 -> random.nextInt(1000);
      case 1 -> random.nextBoolean();
      case 2, 3 -> text(random);
      case 4 -> tree(random, depth - 1);
      default -> {
        List<Object> list = new ArrayList<>();
        for (int n = random.nextInt(4); n > 0; n--) {
          list.add(value(random, depth - 1));
        }
        yield list;
      }
    };
  }
}
