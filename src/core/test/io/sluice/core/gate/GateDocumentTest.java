package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The tables in {@code docs/gate.md} say what the code declares. {@code -Dgoldens=write} writes
 * them.
 */
@Tag("golden")
class GateDocumentTest {
  private static final Path PAGE = Path.of(System.getProperty("sluice.root"), "docs", "gate.md");

  @Test
  void theTableOfSettingsIsTheDeclarations() throws IOException {
    holds(
        "settings",
        "| setting | values | default | what it decides |\n|---|---|---|---|\n"
            + GatePolicy.SETTINGS.stream()
                .map(s ->
                    row(
                        "`" + s.name() + "`",
                        s.form().range(),
                        s.fallback().orElse("(required)"),
                        s.help()))
                .collect(Collectors.joining()));
  }

  @Test
  void theTableOfMetricsIsTheRegistry() throws IOException {
    holds(
        "metrics",
        "| metric | what it is | better | tasks |\n|---|---|---|---|\n"
            + Metric.Registry.LOSSES.stream()
                .map(e ->
                    row(
                        "`" + e.example().name() + "`" + e.range().map(r -> ", " + r).orElse(""),
                        e.example().title(),
                        e.example().direction() == Direction.MAXIMIZE ? "higher" : "lower",
                        e.example().scored() ? tasks(e.example()) : "the team's own evaluation"))
                .collect(Collectors.joining()));
  }

  private static String tasks(Metric.Loss metric) {
    return Stream.of(Task.values())
        .filter(metric::judges)
        .map(Task::word)
        .collect(Collectors.joining(", "));
  }

  private static String row(String... cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }

  private static void holds(String table, String expected) throws IOException {
    String page = Files.readString(PAGE);
    String from = "<!-- " + table + ": written by GateDocumentTest -->\n";
    String to = "<!-- end of " + table + " -->";
    assertThat(page).contains(from, to);
    UnaryOperator<String> between =
        text -> text.substring(text.indexOf(from) + from.length(), text.indexOf(to));
    if ("write".equals(System.getProperty("goldens"))) {
      page = page.replace(from + between.apply(page), from + expected);
      Files.writeString(PAGE, page);
    }
    assertThat(between.apply(page)).isEqualTo(expected);
  }
}
