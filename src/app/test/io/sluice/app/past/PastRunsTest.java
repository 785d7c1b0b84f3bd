package io.sluice.app.past;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PastRunsTest {
  private static final PastRuns.Filter ALL =
      new PastRuns.Filter(Optional.empty(), Set.of(), Optional.empty());

  private final KnownRun promoted = read("promoted", Optional.of("/state/events.jsonl"));
  private final KnownRun failed = read("failed-early", Optional.empty());
  private final KnownRun damaged =
      KnownRun.read(
          Optional.of("r-damaged"),
          "{\"apiVersion\":\"sluice.io/run-".getBytes(StandardCharsets.UTF_8),
          "here",
          () -> Optional.of(Instant.parse("2020-01-01T00:00:00Z")),
          Optional.empty());

  private static KnownRun read(String sample, Optional<String> log) {
    try {
      // the samples are all of one run
      String json =
          new String(sample("run-record/valid/" + sample), StandardCharsets.UTF_8)
              .replace("\"run-1\"", "\"r-" + sample + "\"");
      return KnownRun.read(
          Optional.empty(), json.getBytes(StandardCharsets.UTF_8), sample, Optional::empty, log);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] sample(String name) throws IOException {
    try (var in = PastRunsTest.class.getResourceAsStream("/contracts/samples/" + name + ".json")) {
      return in.readAllBytes();
    }
  }

  private PastRuns runs() {
    return PastRuns.of(List.of(() -> List.of(damaged, failed), () -> List.of(promoted)));
  }

  @Test
  void aRunHasOneWordForItsEnd() {
    assertThat(promoted.standing()).isEqualTo(Standing.PROMOTED);
    assertThat(failed.standing()).isEqualTo(Standing.FAILED);
    assertThat(failed.why()).isNotEmpty();
  }

  @Test
  void aHeldRunSaysWhy() throws IOException {
    ObjectNode json = (ObjectNode) Json.parse(sample("run-record/valid/promoted"));
    json.remove("promoted");
    json.set("verdict", Json.parse(sample("verdict/valid/hold-guard")));
    KnownRun held =
        KnownRun.read(
            Optional.empty(),
            Json.write(json).getBytes(StandardCharsets.UTF_8),
            "here",
            Optional::empty,
            Optional.empty());

    assertThat(held.standing()).isEqualTo(Standing.HELD);
    assertThat(held.why()).startsWith("worse; ").endsWith(" (xgboost)");
    assertThat(held.sentences()).first().asString().startsWith("HOLD (worse): ");
    assertThat(Json.write(held.json())).contains("\"status\":\"held\"", "\"sentences\":[\"HOLD");
  }

  @Test
  void aDamagedRecordIsListedAsSuchAndHidesNoOther() {
    List<KnownRun> list = runs().list(ALL);

    assertThat(list).hasSize(3).last().isEqualTo(damaged);
    assertThat(damaged.standing()).isEqualTo(Standing.DAMAGED);
    assertThat(damaged.why()).startsWith("its record cannot be read: ");
    // it may be of any model
    assertThat(runs().list(new PastRuns.Filter(Optional.of("other"), Set.of(), Optional.empty())))
        .containsExactly(damaged);
  }

  @Test
  void aRecordOfAnotherRunIsDamaged() throws IOException {
    KnownRun swapped =
        KnownRun.read(
            Optional.of("r-other"),
            sample("run-record/valid/promoted"),
            "here",
            Optional::empty,
            Optional.empty());
    assertThat(swapped.trouble().orElseThrow()).startsWith("it is the record of run ");
  }

  @Test
  void filtersNarrowTheListWhichIsNewestFirst() {
    assertThat(runs().list(ALL))
        .isSortedAccordingTo(
            java.util.Comparator.comparing((KnownRun r) -> r.began().orElseThrow()).reversed());
    assertThat(
            runs()
                .list(
                    new PastRuns.Filter(
                        Optional.empty(), Set.of(Standing.FAILED), Optional.empty())))
        .containsExactly(failed);
    assertThat(
            runs()
                .list(
                    new PastRuns.Filter(
                        Optional.empty(),
                        Set.of(),
                        Optional.of(Instant.parse("2021-01-01T00:00:00Z")))))
        .doesNotContain(damaged)
        .hasSize(2);
  }

  @Test
  void aRunInTwoPlacesCountsOnceWithTheRecordThatReadsAndTheLogThatIsThere() {
    KnownRun here =
        new KnownRun(
            promoted.run(),
            "folder",
            Optional.empty(),
            Optional.empty(),
            promoted.began(),
            Optional.empty(),
            Optional.of("/here/events.jsonl"));
    KnownRun there = read("promoted", Optional.empty());

    KnownRun both =
        PastRuns.of(List.of(() -> List.of(here), () -> List.of(there))).get(here.run(), "anywhere");

    assertThat(both.record()).isPresent();
    assertThat(both.log()).contains("/here/events.jsonl");
  }

  @Test
  void anUnknownIdIsAnsweredWithTheNearestOne() {
    String near = promoted.run().substring(0, promoted.run().length() - 1) + "z";

    assertThatThrownBy(() -> runs().get(near, "this folder"))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-9050")
        .extracting(e -> ((SluiceException) e).diagnostics().getFirst().hint().orElseThrow())
        .asString()
        .contains("did you mean " + promoted.run() + "?");
  }
}
