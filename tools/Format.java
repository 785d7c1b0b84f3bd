import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks (or, with {@code apply}, mends) the format of every Java file below some folders. A file
 * whose digest is in the list of well-formatted ones is not looked at again: formatting all takes
 * fifteen seconds, and every call of Maven would pay them.
 */
class Format {
  public static void main(String[] args) throws Exception {
    boolean apply = args[0].equals("apply");
    Path list = Path.of(args[1]);
    Set<String> known = Files.exists(list) ? Set.copyOf(Files.readAllLines(list)) : Set.of();
    Set<String> good = new TreeSet<>();
    List<Path> files = new ArrayList<>();
    for (String folder : List.of(args).subList(2, args.length)) {
      try (var walk = Files.walk(Path.of(folder))) {
        files.addAll(walk.filter(Format::isSource).sorted().toList());
      }
    }
    int wrong = 0;
    for (Path file : files) {
      String before = Files.readString(file);
      if (known.contains(digest(before))) {
        good.add(digest(before));
        continue;
      }
      String after = formatted(before);
      if (apply && !after.equals(before)) {
        Files.writeString(file, after);
      } else if (!after.equals(before)) {
        wrong++;
        System.err.println("not formatted: " + file);
        continue;
      }
      good.add(digest(after));
    }
    if (!good.equals(known)) {
      keep(list, good);
    }
    if (wrong > 0) {
      System.err.println("run: mvn -N -Dfmt.mode=apply validate");
      System.exit(1);
    }
  }

  private static String formatted(String source) throws Exception {
    String ordered = ImportOrderer.reorderImports(source, Style.GOOGLE);
    return new Formatter().formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
  }

  /** Of the text and of the formatter, whose version is in its path. */
  private static String digest(String text) throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    sha256.update(System.getProperty("java.class.path").getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static void keep(Path list, Set<String> good) throws Exception {
    Files.createDirectories(list.getParent());
    Path tmp = Files.createTempFile(list.getParent(), "formatted", null);
    Files.write(tmp, good);
    Files.move(tmp, list, StandardCopyOption.ATOMIC_MOVE);
  }

  private static boolean isSource(Path path) {
    return path.toString().endsWith(".java")
        && !path.toString().contains("/target/")
        && !path.toString().contains("/.venv/");
  }
}
