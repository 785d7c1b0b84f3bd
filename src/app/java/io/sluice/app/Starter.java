package io.sluice.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The commented pipelines that {@code sluice init} writes: small, and they run as they are. */
public final class Starter {
  /** What the pipeline's models are for. */
  public enum Kind {
    FORECAST,
    CLASSIFICATION,
    REGRESSION,
    OWN;

    /** As it is typed. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The kind of this word. */
    public static Optional<Kind> of(String word) {
      return Stream.of(values()).filter(k -> k.word().equals(word)).findFirst();
    }

    /** All words. */
    public static List<String> words() {
      return Stream.of(values()).map(Kind::word).toList();
    }
  }

  private Starter() {}

  /** The files of a kind: content by path, sorted. */
  public static SortedMap<String, byte[]> files(Kind kind) {
    SortedMap<String, byte[]> out = new TreeMap<>();
    String index = new String(resource(kind.word(), "files.txt"), StandardCharsets.UTF_8);
    for (String line : index.lines().filter(l -> !l.isBlank()).toList()) {
      // a second word names the kind that has the file for both
      int space = line.indexOf(' ');
      String path = space < 0 ? line : line.substring(0, space);
      out.put(path, resource(space < 0 ? kind.word() : line.substring(space + 1), path));
    }
    return out;
  }

  private static byte[] resource(String kind, String path) {
    try (InputStream in = Starter.class.getResourceAsStream("starter/" + kind + "/" + path)) {
      if (in == null) {
        throw new IllegalStateException("this build of Sluice lacks its starter file " + path);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
