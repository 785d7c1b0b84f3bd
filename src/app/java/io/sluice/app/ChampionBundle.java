package io.sluice.app;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.registry.BundleEvidence;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import java.util.List;
import java.util.Optional;

/**
 * Whether the champion's files are those that the promotion log recorded, and how a person has the
 * log record them where an older entry did not.
 */
public final class ChampionBundle {
  private static final String WHAT = "champion's files";

  private final ModelRegistry registry;
  private final String model;

  public ChampionBundle(ModelRegistry registry, String model) {
    this.registry = registry;
    this.model = model;
  }

  /**
   * Compares files, tag and log; empty without a champion.
   *
   * @throws SluiceException when the registry does not answer or the log is damaged
   */
  public Optional<CheckResult> check() {
    List<Entry> entries = registry.promotions(model).entries();
    Optional<Entry> champion = champion(entries);
    if (champion.isEmpty()) {
      return Optional.empty();
    }
    Optional<Version> version = registry.version(model, champion.get().to());
    if (version.isEmpty()) {
      return Optional.of(
          CheckResult.fail(
              WHAT,
              "the registry has no version "
                  + champion.get().to()
                  + " any more: restore it, or"
                  + " roll back"));
    }
    return Optional.of(finding(BundleEvidence.look(registry, version.get(), entries)));
  }

  private static CheckResult finding(BundleEvidence evidence) {
    Optional<String> against = evidence.contradiction();
    if (against.isPresent()) {
      return CheckResult.fail(
          WHAT,
          against.get()
              + ": runs refuse the version, and so does serving; find out who changed it and"
              + " restore it, or roll back");
    }
    if (evidence.files().isEmpty()) {
      return CheckResult.unknown(
          WHAT, "not looked at: " + evidence.unread().orElse("they cannot be read"));
    }
    Digest files = evidence.files().get();
    if (evidence.log().isPresent()) {
      return CheckResult.pass(WHAT, "are those of the promotion log, " + files);
    }
    return CheckResult.unknown(
        WHAT,
        "the promotion log does not say which files version "
            + evidence.version()
            + " has; those in the registry are "
            + files
            + (evidence.tag().isPresent()
                ? ", as it was registered"
                : ", and no tag says with which it was registered")
            + "; record them: `sluice doctor --record-digest "
            + files
            + " --reason ..`");
  }

  /**
   * Has the log record the champion's files by one more entry that names the same version.
   *
   * @param shown the digest that the person saw
   * @throws SluiceException SLU-9043 when there is no champion, the log has its digest already, or
   *     the files have another one by now; SLU-5026 when tag and files contradict each other
   */
  public Entry record(Digest shown, String who, String reason) {
    PromotionLog log = registry.promotions(model);
    PromotionLog.Head head = log.head();
    List<Entry> entries = log.entries();
    Entry champion =
        champion(entries)
            .orElseThrow(() -> wrong(model + " has no champion", "run the pipeline first"));
    Version version =
        registry
            .version(model, champion.to())
            .orElseThrow(() ->
                wrong("the registry has no version " + champion.to(), "restore it, or roll back"));
    BundleEvidence evidence = BundleEvidence.look(registry, version, entries).sound();
    if (evidence.log().isPresent()) {
      throw wrong(
          "the promotion log has the digest of version " + champion.to() + " already",
          "nothing to do");
    }
    if (!evidence.files().equals(Optional.of(shown))) {
      throw wrong(
          "the files of version "
              + champion.to()
              + " are not those that were to be recorded: "
              + evidence.files().map(Digest::toString).or(evidence::unread).orElse(""),
          "look at `sluice doctor` again");
    }
    return log.append(
        new PromotionLog.Request(
            Kind.CONFIRM, head, champion.to(), who, reason, "", Optional.of(shown)));
  }

  /**
   * What an override may say of a version's files by which a person accepts a damaged log: only
   * what tag and files agree on. Nothing that the log said before counts.
   */
  public Optional<Digest> withoutLog(int version) {
    return registry
        .version(model, version)
        .map(v -> BundleEvidence.look(registry, v, List.of()))
        .filter(e -> e.contradiction().isEmpty())
        .flatMap(BundleEvidence::files);
  }

  private static Optional<Entry> champion(List<Entry> entries) {
    return entries.stream().filter(Entry::valid).reduce((first, last) -> last);
  }

  private static SluiceException wrong(String message, String hint) {
    return new SluiceException(
        ExitCode.INPUT_WRONG, Diagnostic.of("SLU-9043", message + ": nothing was recorded", hint));
  }
}
