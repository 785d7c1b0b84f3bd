package io.sluice.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BundleEvidenceTest {
  @ParameterizedTest(name = "files {0}, tag {1}, log {2}")
  @CsvSource({
    "a,a,a,",
    "a,,a,",
    "a,,,",
    "a,a,,",
    ",a,a,",
    ",,a,",
    ",a,,",
    "b,a,a,its files in the registry are",
    "b,,a,its files in the registry are",
    "b,a,,but it was registered with",
    "a,b,a,its tag sluice.bundle says",
    "b,b,a,its tag sluice.bundle says",
    ",b,a,its tag sluice.bundle says",
  })
  void whatDisagreesIsNotTheVersion(String files, String tag, String log, String against) {
    BundleEvidence evidence = evidence(files, tag, log);
    if (against == null) {
      assertThat(evidence.contradiction()).isEmpty();
      assertThat(evidence.sound()).isEqualTo(evidence);
    } else {
      assertThat(evidence.contradiction().orElseThrow()).contains(against);
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(evidence::sound)
          .satisfies(e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5026"));
    }
  }

  @Test
  void theLogKeepsWhatItHadOfFilesThatNobodyCouldReadAndNeverATag() {
    assertThat(evidence("a", null, null).recorded()).contains(Digest.of("a"));
    assertThat(evidence(null, "a", "a").recorded()).contains(Digest.of("a"));
    assertThat(evidence(null, "a", null).recorded()).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BundleEvidence(
                1, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()));
  }

  private static BundleEvidence evidence(String files, String tag, String log) {
    return new BundleEvidence(
        1,
        digest(files),
        files == null ? Optional.of("away") : Optional.empty(),
        digest(tag),
        digest(log));
  }

  private static Optional<Digest> digest(String text) {
    return Optional.ofNullable(text).map(Digest::of);
  }
}
