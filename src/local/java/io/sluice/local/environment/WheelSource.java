package io.sluice.local.environment;

import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.io.InputStream;

/**
 * A wheel that does not come from an index but with the product.
 *
 * @param fileName the wheel's file name, which carries name, version and tags (PEP 427)
 * @param digest what its content must be
 * @param content opens it
 */
public record WheelSource(String fileName, Digest digest, Content content) {
  /** Opens the wheel; called once per build. */
  @FunctionalInterface
  public interface Content {
    InputStream open() throws IOException;
  }

  public WheelSource {
    if (!fileName.matches("[A-Za-z0-9_.]+(-[A-Za-z0-9_.]+){4,5}\\.whl")) {
      throw new IllegalArgumentException("not the file name of a wheel: " + fileName);
    }
  }
}
