package io.sluice.store;

import io.sluice.core.artifact.ArtifactStore.CorruptBlobException;
import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Hashes what passes and compares at the end. */
final class VerifiedStream extends InputStream {
  private final InputStream in;
  private final Digest wanted;
  private final Aside aside;
  private final MessageDigest sha = Digest.sha256();
  private boolean done;

  /** Moves a bad blob away, so that the stage that made it is not a cache hit any more. */
  interface Aside {
    void move(Digest digest) throws IOException;
  }

  VerifiedStream(InputStream in, Digest wanted, Aside aside) {
    this.in = in;
    this.wanted = wanted;
    this.aside = aside;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int n = in.read(buffer, offset, length);
    if (n > 0) {
      sha.update(buffer, offset, n);
    } else if (n < 0 && !done) {
      done = true;
      Digest found = new Digest(HexFormat.of().formatHex(sha.digest()));
      if (!found.equals(wanted)) {
        var corrupt = new CorruptBlobException(wanted, found);
        try {
          aside.move(wanted);
        } catch (IOException | RuntimeException e) {
          corrupt.addSuppressed(e);
        }
        throw corrupt;
      }
    }
    return n;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
