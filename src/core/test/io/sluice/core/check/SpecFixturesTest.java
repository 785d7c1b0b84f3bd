package io.sluice.core.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.spec.SpecParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every bad spec gets exactly the errors that lie beside it, every good one none. A new case is a
 * pair of files; {@code -Dgoldens=write} writes the errors, whose diff is then reviewed.
 */
class SpecFixturesTest {

  static Stream<Path> bad() {
    return Fixtures.all("bad").stream();
  }

  static Stream<Path> good() {
    return Fixtures.all("good").stream();
  }

  private static List<Diagnostic> check(Path yaml) {
    return Checker.check(SpecParser.parse(Fixtures.source(yaml)), Fixtures.TREE);
  }

  @Tag("golden")
  @ParameterizedTest
  @MethodSource("bad")
  void aBadSpecGetsTheErrorsBesideIt(Path yaml) throws IOException {
    String rendered = DiagnosticRenderer.plain().render(check(yaml));
    Path errors = Path.of(yaml.toString().replaceAll("\\.yaml$", ".errors"));
    if ("write".equals(System.getProperty("goldens"))) {
      Files.writeString(errors, rendered);
    }
    assertThat(rendered).isNotEmpty().isEqualTo(Files.readString(errors));
  }

  @ParameterizedTest
  @MethodSource("good")
  void aGoodSpecGetsNone(Path yaml) {
    assertThat(DiagnosticRenderer.plain().render(check(yaml))).isEmpty();
  }

  @Test
  void everyErrorOfTheSpecIsExplainedAndHasACase() throws IOException {
    String page = Files.readString(Path.of(System.getProperty("sluice.root"), "docs", "errors.md"));
    Pattern row = Pattern.compile("(?m)^\\| (SLU-1\\d{3}) \\|");
    List<String> explained = row.matcher(page).results().map(m -> m.group(1)).distinct().toList();
    List<String> met =
        bad().flatMap(p -> check(p).stream()).map(Diagnostic::id).distinct().sorted().toList();
    assertThat(met).isEqualTo(explained);
  }

  @Test
  void everyErrorSaysWhereAndWhatToDo() {
    bad()
        .flatMap(p -> check(p).stream())
        .forEach(d -> {
          assertThat(d.location()).as(d.message()).isPresent();
          assertThat(d.hint()).as(d.message()).isPresent();
        });
  }
}
