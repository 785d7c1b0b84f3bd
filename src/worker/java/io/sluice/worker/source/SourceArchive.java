package io.sluice.worker.source;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Reads a tar archive that anybody may have made. What is in it is handed on as a stream, one file
 * after another; nothing is unpacked. Every bound is on bytes that were read, never on what a
 * header claims.
 */
final class SourceArchive {
  private static final int BLOCK_BYTES = 512;

  /** Type flags of plain files; for the library, devices are files too. */
  private static final Set<Byte> PLAIN =
      Set.of(TarConstants.LF_NORMAL, TarConstants.LF_OLDNORM, TarConstants.LF_CONTIG);

  /**
   * What an archive may have.
   *
   * @param files entries of any kind
   * @param bytes of the archive
   * @param headerBytes of one entry's headers, its extensions included
   */
  record Bounds(int files, long bytes, int headerBytes) {
    static final Bounds DEFAULT = new Bounds(50_000, 512L << 20, 1 << 20);
  }

  /** Told of what is in the archive, in its order. */
  interface Visitor {
    /**
     * @param content the file's; what is not read of it is skipped
     */
    void file(String path, boolean executable, long size, InputStream content) throws IOException;

    /** A symbolic link. */
    void link(String path, String target) throws IOException;
  }

  private SourceArchive() {}

  /**
   * @throws SluiceException {@code SLU-4620} for what is not a plain tar archive, {@code SLU-4621}
   *     for an entry that is not a plain file, folder or symbolic link, or has no plain relative
   *     name, {@code SLU-4622} when it is too large
   */
  static void read(InputStream in, Bounds bounds, Visitor visitor) throws IOException {
    Metered metered = new Metered(in, bounds);
    Names names = new Names();
    int entries = 0;
    try (TarArchiveInputStream tar = new TarArchiveInputStream(metered, "UTF-8")) {
      while (true) {
        metered.headers(true);
        TarArchiveEntry entry = tar.getNextEntry();
        metered.headers(false);
        if (entry == null) {
          if (!metered.ended()) {
            // a sender that died between two files looks like an end to the library
            throw broken("it has no end");
          }
          return;
        }
        if (++entries > bounds.files()) {
          throw tooLarge("has more than " + bounds.files() + " entries");
        }
        visit(entry, tar, names, visitor);
      }
    } catch (SluiceException e) {
      throw e;
    } catch (FailedVisitException e) {
      throw e.getCause();
    } catch (IOException | IllegalArgumentException e) {
      // the library's words for a broken header differ from case to case
      throw broken(String.valueOf(e.getMessage()).replaceAll("\\p{Cntrl}", " "));
    }
  }

  private static void visit(
      TarArchiveEntry entry, TarArchiveInputStream tar, Names names, Visitor visitor)
      throws FailedVisitException {
    String path = names.plain(entry.getName(), entry.isDirectory());
    try {
      if (entry.isDirectory()) {
        return;
      }
      names.file(path);
      if (entry.isSymbolicLink()) {
        visitor.link(path, entry.getLinkName());
      } else if (!PLAIN.contains(entry.getLinkFlag()) || entry.isSparse()) {
        throw refused(path, kind(entry));
      } else {
        visitor.file(path, (entry.getMode() & 0100) != 0, entry.getSize(), new Content(tar));
      }
    } catch (IOException e) {
      throw new FailedVisitException(e);
    }
  }

  private static String kind(TarArchiveEntry entry) {
    return entry.isLink()
        ? "is a hard link"
        : entry.isSparse() ? "is a sparse file" : "is not a plain file (a device or a pipe)";
  }

  static SluiceException refused(String path, String why) {
    return wrong(
        "SLU-4621",
        "the archive's entry " + printable(path) + " " + why,
        "an archive of code has plain files and folders, by relative names");
  }

  private static SluiceException tooLarge(String what) {
    return wrong(
        "SLU-4622",
        "the archive " + what,
        "narrow code.include to the code; data is an artifact of a data stage");
  }

  private static SluiceException broken(String what) {
    return wrong(
        "SLU-4620",
        "the input is not a whole tar archive: " + what,
        "send a plain tar, not a compressed one: tar -cf - FILES");
  }

  static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, List.of(Diagnostic.of(id, message, hint)));
  }

  static String printable(String name) {
    String shown = name.replaceAll("[\\p{Cntrl}\\x{FFFD}]", "?");
    return shown.length() > 200 ? shown.substring(0, 200) + ".." : shown;
  }

  /** A file's bytes; that they end too early is the archive's fault and nobody else's. */
  private static final class Content extends FilterInputStream {
    Content(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      try {
        return super.read(buffer, offset, length);
      } catch (IOException e) {
        throw broken(String.valueOf(e.getMessage()));
      }
    }
  }

  /** The store or the disk failed while an entry was visited: that is not the archive's fault. */
  private static final class FailedVisitException extends IOException {
    private static final long serialVersionUID = 1L;
    private final IOException failure;

    FailedVisitException(IOException failure) {
      super(failure);
      this.failure = failure;
    }

    @Override
    public synchronized IOException getCause() {
      return failure;
    }
  }

  /** Which names were there, so that none comes twice and none is both file and folder. */
  private static final class Names {
    private static final int MAX_CHARS = 1000;
    private static final int DEEPEST = 64;

    private final Set<String> files = new HashSet<>();
    private final Set<String> folders = new HashSet<>();

    /** The path without a leading {@code ./} and a folder's trailing slash. */
    String plain(String name, boolean folder) {
      String path = name;
      while (path.startsWith("./")) {
        path = path.substring(2);
      }
      if (folder && path.endsWith("/")) {
        path = path.substring(0, path.length() - 1);
      }
      if (folder && (path.isEmpty() || path.equals("."))) {
        return "";
      }
      String[] segments = path.split("/", -1);
      if (name.length() > MAX_CHARS || segments.length > DEEPEST) {
        throw refused(name, "has too long a name");
      }
      for (String segment : segments) {
        if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
          throw refused(name, "has no plain relative name");
        }
      }
      if (path.codePoints().anyMatch(c -> Character.isISOControl(c) || c == '\\' || c == 0xFFFD)) {
        throw refused(name, "has a name with control characters, a backslash, or no UTF-8");
      }
      return path;
    }

    void file(String path) {
      if (!files.add(path)) {
        throw refused(path, "is there twice");
      }
      if (folders.contains(path)) {
        throw refused(path, "is a file and a folder");
      }
      for (int i = path.indexOf('/'); i >= 0; i = path.indexOf('/', i + 1)) {
        String folder = path.substring(0, i);
        folders.add(folder);
        if (files.contains(folder)) {
          throw refused(folder, "is a file and a folder");
        }
      }
    }
  }

  /** Counts what is read, in all and for the headers of one entry. */
  private static final class Metered extends FilterInputStream {
    private final Bounds bounds;
    private long read;
    private long headerEnd = Long.MAX_VALUE;

    /** Zero bytes since the last other one, or since the last entry's content. */
    private long zeros;

    Metered(InputStream in, Bounds bounds) {
      super(in);
      this.bounds = bounds;
    }

    void headers(boolean begin) {
      // before its headers stands at most the padding of the entry before
      headerEnd = begin ? read + bounds.headerBytes() + BLOCK_BYTES : Long.MAX_VALUE;
      zeros = begin ? 0 : zeros;
    }

    /** Whether a block of zeros stood where an entry could have begun. */
    boolean ended() {
      return zeros >= BLOCK_BYTES;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int n = super.read(buffer, offset, length);
      for (int i = offset; i < offset + n && headerEnd != Long.MAX_VALUE; i++) {
        zeros = buffer[i] == 0 ? zeros + 1 : 0;
      }
      count(Math.max(n, 0));
      return n;
    }

    /** As reading: what is skipped has been sent too. */
    @Override
    public long skip(long n) throws IOException {
      byte[] gone = new byte[(int) Math.min(Math.max(n, 0), 64 << 10)];
      return Math.max(0, read(gone, 0, gone.length));
    }

    @Override
    public boolean markSupported() {
      return false;
    }

    private void count(long n) {
      read += n;
      if (read > bounds.bytes()) {
        throw tooLarge("has more than " + (bounds.bytes() >> 20) + " MiB");
      }
      if (read > headerEnd) {
        throw tooLarge(
            "has an entry with more than " + (bounds.headerBytes() >> 10) + " KiB of headers");
      }
    }
  }
}
