package io.sluice.core.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.check.Checker;
import io.sluice.core.check.Fixtures;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.diag.Location;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.gate.GatePolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
class SpecParserTest {

  private static Parsed<Spec> parse(String text) {
    return SpecParser.parse(new SourceFile("sluice.yaml", text));
  }

  private static Spec full() {
    return SpecParser.parse(Fixtures.good("full.yaml")).orThrow();
  }

  @Test
  void valuesArriveTyped() {
    Spec spec = full();
    assertThat(spec.seed()).isEqualTo(42);
    assertThat(spec.data().get("returns").labels())
        .contains(new Spec.Labels("returned", "week", "reported_week", Duration.ofDays(180)));
    assertThat(spec.gate().policy().get(GatePolicy.MIN_IMPROVEMENT)).as("1.5%").isEqualTo(0.015);
    assertThat(spec.families().get("xgboost").space().get("eta"))
        .isEqualTo(new Spec.Parameter.FloatRange(0.01, 0.5, true));
    assertThat(spec.stages().get("preprocess").inputs())
        .containsEntry("before", new Ref.Champion("preprocess", "train"))
        .containsEntry("returns", new Ref.Data("returns"));
    assertThat(spec.families().get("itransformer").mayFail()).isTrue();
  }

  @Test
  void norwayIsACountryAndNothingIsGuessed() {
    Spec.Custom preprocess = (Spec.Custom) full().stages().get("preprocess");
    assertThat(preprocess.with().toString())
        .isEqualTo("{\"country\":\"NO\",\"lookback\":26,\"scale\":[1,2.5,true,null]}");
  }

  /** Values that other readers of YAML turn into something else. */
  @Test
  void valuesKeepTheirTypes() {
    String values =
        "{ tiny: 1e-7, exp: 1e3, text: \"0.10\", bare: 2026-01-01, yes: yes, no: no, time: 12:30:45,"
            + " nul: null, tilde: ~, dollar: \"$(params.x) $HOME $$\", list: [1, 1.0, \"1\", true] }";
    assertThat(with(values).orThrow().stages().get("preprocess").with().toString())
        .isEqualTo(
            "{\"bare\":\"2026-01-01\",\"dollar\":\"$(params.x) $HOME $$\",\"exp\":1000.0,"
                + "\"list\":[1,1.0,\"1\",true],\"no\":\"no\",\"nul\":null,\"text\":\"0.10\","
                + "\"tilde\":null,\"time\":\"12:30:45\",\"tiny\":1.0E-7,\"yes\":\"yes\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"12345678901234567890", "010", ".inf"})
  void aNumberThatReadersTakeDifferentlyIsRefused(String number) {
    assertThat(with("{ n: " + number + " }").diagnostics())
        .singleElement()
        .satisfies(d -> assertThat(d.message() + d.hint()).contains(number));
  }

  private static Parsed<Overlay> with(String values) {
    String yaml = "stages: { preprocess: { with: " + values + " } }\n";
    return SpecParser.parseOverlay(new SourceFile("step", yaml), full());
  }

  @Test
  void placesCountCodePointsAndSurviveAByteOrderMark() {
    String text = "\ufeffapiVersion: sluice.io/v1alpha1\n\"\ud83d\ude80\": { a: 1 }\n";
    Location at =
        parse(text).diagnostics().stream()
            .filter(d -> d.message().contains("unknown key"))
            .findFirst()
            .flatMap(Diagnostic::location)
            .orElseThrow();
    assertThat(at.line()).isEqualTo(2);
    assertThat(at.column()).isEqualTo(1);
    assertThat(at.length()).isEqualTo(3);
  }

  @Test
  void aValueIsThereExactlyWhenNothingIsWrong() {
    for (Path bad : Fixtures.all("bad")) {
      Parsed<Spec> parsed = SpecParser.parse(Fixtures.source(bad));
      assertThat(parsed.value().isPresent()).isEqualTo(parsed.diagnostics().isEmpty());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stages: { tune: { with: { trails: 5 } } }",
        "stages: { evaluate: { with: { unit: [market] } } }",
        "gate: { confidence: 50% }",
        "data: { returns: { labels: { column: other } } }"
      })
  void anOverlayOfAStepIsHeldToTheRulesOfAProfile(String yaml) {
    Parsed<Overlay> parsed = SpecParser.parseOverlay(new SourceFile("step", yaml + "\n"), full());
    assertThat(parsed.value()).isEmpty();
    assertThat(parsed.diagnostics()).hasSize(1);
    assertThat(parsed.diagnostics().get(0).location()).isPresent();
  }

  @Test
  void aMegabyteOfErrorsGivesAHundredOfThem() {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      many.append("k").append(i).append(": 1\n");
    }
    assertThat(parse(many.toString()).diagnostics()).hasSize(100);
    String tooLong = "#".repeat(300_000);
    assertThat(parse(tooLong).diagnostics())
        .singleElement()
        .matches(d -> d.id().equals("SLU-1002"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[",
        "{",
        "- ",
        "? ",
        "? a\n: b",
        "!",
        "!!",
        "&",
        "*",
        "*a",
        "%YAML 9.9\n---\n",
        "%FOO\n",
        "---",
        "...",
        "\u0000",
        "\ud800",
        "\"\\ud800\"",
        "'",
        "\"",
        "|",
        ">",
        "|9\n",
        "@",
        "`",
        "a: b: c",
        "\t",
        "!<tag:x> a",
        "{a: b}: c",
        "[[[[",
        "? {a: b}\n: c\n",
        "&a [*a]",
        "%TAG ! !\n--- !x\n",
        "\"\\x\"",
        "\"\\U0011FFFF\"",
        "a: &a\n  b: *a\n",
        "<<: 1"
      })
  void strangeTextGivesErrorsAndNeverAnException(String text) {
    assertOnlyDiagnostics(text);
  }

  static Stream<Path> specs() {
    return Stream.concat(Fixtures.all("good").stream(), Fixtures.all("bad").stream());
  }

  @ParameterizedTest
  @MethodSource("specs")
  void aMutilatedSpecGivesErrorsAndNeverAnException(Path yaml) {
    String text = Fixtures.source(yaml).text();
    Random random = new Random(20261123);
    for (int i = 0; i < 150; i++) {
      assertOnlyDiagnostics(mutate(text, random));
    }
  }

  private static final List<String> PIECES =
      List.of(
          " ",
          "  ",
          "\t",
          "\n",
          ":",
          ": ",
          "- ",
          "[",
          "]",
          "{",
          "}",
          ",",
          "&a ",
          "*a",
          "!!int ",
          "'",
          "\"",
          "|",
          ">",
          "#",
          "%",
          "null",
          "~",
          "-1",
          "1e999",
          "0x1",
          "true",
          "..",
          "/",
          "\\",
          "\ud83d\ude80",
          "\u0000",
          "\u2028",
          "champion.",
          "data.",
          "evaluate",
          "train",
          "99999999999999999999",
          "---\n",
          "<<: ",
          "\r",
          "a".repeat(80));

  private static String mutate(String text, Random random) {
    StringBuilder out = new StringBuilder(text);
    for (int n = random.nextInt(4); n >= 0; n--) {
      int from = random.nextInt(out.length() + 1);
      int to = Math.min(out.length(), from + random.nextInt(20));
      switch (random.nextInt(4)) {
        case 0 -> out.delete(from, to);
        case 1 -> out.insert(from, PIECES.get(random.nextInt(PIECES.size())));
        case 2 -> out.replace(from, to, PIECES.get(random.nextInt(PIECES.size())));
        default -> out.insert(random.nextInt(out.length() + 1), out.substring(from, to));
      }
    }
    return out.toString();
  }

  private static void assertOnlyDiagnostics(String text) {
    Parsed<Spec> parsed = parse(text);
    List<Diagnostic> found = Checker.check(parsed, Fixtures.TREE);
    assertThat(parsed.value().isPresent()).isEqualTo(parsed.diagnostics().isEmpty());
    for (Diagnostic d : found) {
      Optional<Location> at = d.location();
      assertThat(at).isPresent();
      assertThat(at.get().line()).isPositive();
      assertThat(at.get().column()).isPositive();
    }
    if (!found.isEmpty()) {
      assertThat(DiagnosticRenderer.plain().render(found)).contains("error[SLU-1");
    }
  }
}
