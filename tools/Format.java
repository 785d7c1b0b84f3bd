import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Checks (or, with {@code apply}, mends) the format of every Java file below some folders. */
class Format {
  public static void main(String[] args) throws Exception {
    boolean apply = args[0].equals("apply");
    Formatter formatter = new Formatter();
    List<Path> files = new ArrayList<>();
    for (String folder : List.of(args).subList(1, args.length)) {
      try (var walk = Files.walk(Path.of(folder))) {
        files.addAll(walk.filter(Format::isSource).sorted().toList());
      }
    }
    int wrong = 0;
    for (Path file : files) {
      String before = Files.readString(file);
      String ordered = ImportOrderer.reorderImports(before, Style.GOOGLE);
      String after = formatter.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
      if (after.equals(before)) {
        continue;
      }
      if (apply) {
        Files.writeString(file, after);
      } else {
        wrong++;
        System.err.println("not formatted: " + file);
      }
    }
    if (wrong > 0) {
      System.err.println("run: mvn -N -Dfmt.mode=apply validate");
      System.exit(1);
    }
  }

  private static boolean isSource(Path path) {
    return path.toString().endsWith(".java")
        && !path.toString().contains("/target/")
        && !path.toString().contains("/.venv/");
  }
}
