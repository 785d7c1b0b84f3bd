package io.sluice.ml;

import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Gives environments the Python package {@code sluice_ml} and the lock of the tuner's environment,
 * both of which this jar carries: nothing of ours is ever downloaded.
 *
 * <p>The same sources give the same wheel, byte for byte, so its digest may stand in cache keys.
 */
public final class Wheel {
  /** The version of Python that the locks are resolved for. */
  public static final String PYTHON = "3.11";

  private static final String FILE_NAME = "sluice_ml-0.1.0-py3-none-any.whl";

  /** Read once: the digest is part of the key of every environment that asks for the wheel. */
  private static final class Lazy {
    static final Digest DIGEST = read();

    private static Digest read() {
      try (InputStream in = open()) {
        return Digest.of(in.readAllBytes());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Wheel() {}

  /** Of the wheel's bytes. */
  public static Digest digest() {
    return Lazy.DIGEST;
  }

  /** The name that installers need: it says version and tags. */
  public static String fileName() {
    return FILE_NAME;
  }

  /** The wheel's bytes; the caller closes. */
  public static InputStream open() {
    return resource(FILE_NAME);
  }

  /**
   * The lock of the environment that runs {@code python -m sluice_ml.<module>}, such as {@code
   * tuner} or {@code drift}: every requirement with version and hashes, no index. The wheel is
   * installed on top, without dependencies.
   */
  public static String lock(String module) {
    return text(module + ".lock");
  }

  private static String text(String name) {
    try (InputStream in = resource(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream resource(String name) {
    InputStream in = Wheel.class.getResourceAsStream(name);
    if (in == null) {
      throw new IllegalStateException(name + " is not in the jar of sluice-ml: build src/ml");
    }
    return in;
  }
}
