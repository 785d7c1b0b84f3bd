package io.sluice.worker.command;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A Secret as Kubernetes mounts it: a folder with one file an entry, each a link into a folder
 * {@code ..data} that the kubelet swaps when the Secret changes. Values are in no message.
 */
public final class MountedSecret {
  /** Kubernetes lets a whole Secret have 1 MiB; no token or key has a fraction of this. */
  private static final int MAX_BYTES = 64 << 10;

  private MountedSecret() {}

  /** Whether the folder has this entry. */
  public static boolean has(Path folder, String entry) {
    return Files.isRegularFile(folder.resolve(entry));
  }

  /**
   * Its entries as text, without the line break that editors and {@code echo} leave at the end.
   *
   * @param known names that it may have; a misspelt one would be a credential that nobody uses
   * @throws SluiceException {@code SLU-4600} for an unknown entry, {@code SLU-4601} for one that is
   *     too large or no text, {@code SLU-4602} when the folder is not there
   */
  public static Map<String, String> read(Path folder, Set<String> known) throws IOException {
    Map<String, String> entries = new TreeMap<>();
    if (!Files.isDirectory(folder)) {
      throw wrong(
          "SLU-4602",
          "the Secret at " + folder + " is not there",
          "bind the workspace to a Secret, or leave it out");
    }
    Set<String> unknown = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.startsWith("..")) {
          // the kubelet's own: the data behind the links
          continue;
        }
        if (known.contains(name)) {
          entries.put(name, text(file));
        } else {
          unknown.add(printable(name));
        }
      }
    }
    if (!unknown.isEmpty()) {
      throw wrong(
          "SLU-4600",
          "the Secret at "
              + folder
              + " has entries that mean nothing here: "
              + String.join(", ", unknown),
          "known are " + String.join(", ", new TreeSet<>(known)));
    }
    return entries;
  }

  /** One entry, as {@link #read} gives it. */
  static String text(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw refused(file, "is not a file");
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    }
    if (bytes.length > MAX_BYTES) {
      throw refused(file, "has more than " + MAX_BYTES + " bytes");
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw refused(file, "is not UTF-8 text");
    }
    return text.replaceFirst("\\r?\\n\\z", "");
  }

  private static SluiceException refused(Path file, String why) {
    return wrong(
        "SLU-4601",
        "the entry " + file.getFileName() + " of the Secret at " + file.getParent() + " " + why,
        "store the bare value: kubectl create secret generic NAME --from-file or --from-literal");
  }

  private static String printable(String name) {
    return name.replaceAll("\\p{Cntrl}", "?");
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
