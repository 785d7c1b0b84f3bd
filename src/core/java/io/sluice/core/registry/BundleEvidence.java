package io.sluice.core.registry;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.lineage.Lineage;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What says which bundle a version is: the promotion log, which nobody can change unnoticed; the
 * version's tag, which every caller with write access can set; and the files themselves.
 *
 * @param files digest of the files that the registry serves
 * @param unread why they could not be read; empty where {@code files} is there
 * @param tag what the version was registered with, by its tag
 * @param log what the promotion log recorded when the version became champion
 */
public record BundleEvidence(
    int version,
    Optional<Digest> files,
    Optional<String> unread,
    Optional<Digest> tag,
    Optional<Digest> log) {

  public BundleEvidence {
    if (files.isPresent() == unread.isPresent()) {
      throw new IllegalArgumentException("files are either read or not");
    }
  }

  /**
   * For files that the caller has read.
   *
   * @param entries of the promotion log
   */
  public static BundleEvidence of(Version version, Digest files, List<PromotionLog.Entry> entries) {
    return new BundleEvidence(
        version.version(),
        Optional.of(files),
        Optional.empty(),
        Lineage.bundleOf(version.tags()),
        PromotionLog.bundle(entries, version.version()));
  }

  /**
   * Reads the version's files and asks tag and log about them. Files that the registry does not
   * serve, or cannot give at the moment although the log knows their digest, are said to be unread.
   *
   * @param entries of the promotion log
   * @throws SluiceException when the registry does not answer and the log knows no digest
   */
  public static BundleEvidence look(
      ModelRegistry registry, Version version, List<PromotionLog.Entry> entries) {
    Optional<Digest> log = PromotionLog.bundle(entries, version.version());
    String unread;
    try {
      VersionBundle bundle = VersionBundle.hashed(registry, version);
      if (!bundle.files().isEmpty()) {
        return of(version, bundle.digest(), entries);
      }
      unread = "the registry has no files of its bundle";
    } catch (SluiceException e) {
      boolean away = e.exitCode() == ExitCode.UNREACHABLE && log.isPresent();
      if (e.exitCode() != ExitCode.INPUT_WRONG && !away) {
        throw e;
      }
      unread = String.valueOf(e.getMessage());
    } catch (IOException e) {
      if (log.isEmpty() || Thread.currentThread().isInterrupted()) {
        throw new SluiceException(
            ExitCode.UNREACHABLE,
            List.of(
                Diagnostic.of(
                    "SLU-5027",
                    "the files of version "
                        + version.version()
                        + " of "
                        + version.model()
                        + " could not be read whole: "
                        + e.getMessage(),
                    "look at the registry and what stands before it, then run the command again")),
            e);
      }
      unread = String.valueOf(e.getMessage());
    }
    return new BundleEvidence(
        version.version(),
        Optional.empty(),
        Optional.of(unread),
        Lineage.bundleOf(version.tags()),
        log);
  }

  /** What the log is to say: the digest of the files, or what it said before of unread ones. */
  public Optional<Digest> recorded() {
    return files.or(() -> log);
  }

  /** Why these cannot be the files of the version; empty where nothing speaks against them. */
  public Optional<String> contradiction() {
    if (log.isPresent() && tag.isPresent() && !tag.equals(log)) {
      return Optional.of(
          "its tag sluice.bundle says "
              + tag.get()
              + ", but the promotion log recorded "
              + log.get());
    }
    if (log.isPresent() && files.isPresent() && !files.equals(log)) {
      return Optional.of(
          "its files in the registry are "
              + files.get()
              + ", but the promotion log recorded "
              + log.get());
    }
    if (tag.isPresent() && files.isPresent() && !files.equals(tag)) {
      return Optional.of(
          "its files in the registry are "
              + files.get()
              + ", but it was registered with "
              + tag.get());
    }
    return Optional.empty();
  }

  /**
   * The same evidence, unless it contradicts itself.
   *
   * @throws SluiceException SLU-5026 when the files cannot be those of the version
   */
  public BundleEvidence sound() {
    Optional<String> against = contradiction();
    if (against.isPresent()) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          Diagnostic.of(
              "SLU-5026",
              "version " + version + " is not what it was: " + against.get(),
              "somebody changed files or tags of this version in the registry: find out who and"
                  + " restore them, or take another version"));
    }
    return this;
  }
}
