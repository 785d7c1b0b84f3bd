package io.sluice.core.check;

import io.sluice.core.diag.SourceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The specs of {@code test-fixtures/specs} and the files that they name. */
public final class Fixtures {
  public static final Path SPECS =
      Path.of(System.getProperty("sluice.root"), "test-fixtures", "specs");

  /** The folder that all of these specs pretend to lie in. */
  public static final SpecFiles TREE =
      new SpecFiles() {
        private final Path root = SPECS.resolve("tree");

        @Override
        public boolean exists(String path) {
          return Files.exists(root.resolve(path));
        }

        @Override
        public String beginning(String path) {
          try {
            Path file = root.resolve(path);
            return Files.isRegularFile(file)
                ? Files.readString(file, StandardCharsets.ISO_8859_1)
                : "";
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }

        @Override
        public boolean matches(String glob) {
          var matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
          try (Stream<Path> files = Files.walk(root)) {
            return files.map(root::relativize).anyMatch(matcher::matches);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private Fixtures() {}

  public static SourceFile source(Path yaml) {
    try {
      return new SourceFile(yaml.getFileName().toString(), Files.readString(yaml));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static SourceFile good(String name) {
    return source(SPECS.resolve("good").resolve(name));
  }

  /** All specs below {@code good} or {@code bad}, sorted. */
  public static List<Path> all(String folder) {
    try (Stream<Path> files = Files.walk(SPECS.resolve(folder))) {
      return files.filter(p -> p.toString().endsWith(".yaml")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
