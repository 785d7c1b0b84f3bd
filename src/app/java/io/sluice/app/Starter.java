package io.sluice.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/** The commented pipeline that {@code sluice init} writes: small, and it runs as it is. */
public final class Starter {
  private static final String FOLDER = "starter/";

  private Starter() {}

  /** Its files: content by path, sorted. */
  public static SortedMap<String, byte[]> files() {
    SortedMap<String, byte[]> out = new TreeMap<>();
    String index = new String(resource("files.txt"), StandardCharsets.UTF_8);
    index.lines().filter(l -> !l.isBlank()).forEach(path -> out.put(path, resource(path)));
    return out;
  }

  private static byte[] resource(String path) {
    try (InputStream in = Starter.class.getResourceAsStream(FOLDER + path)) {
      if (in == null) {
        throw new IllegalStateException("this build of Sluice lacks its starter file " + path);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
