package io.sluice.app;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.Location;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Parsed;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.SpecParser;
import java.util.ArrayList;
import java.util.List;

/**
 * One {@code --set PATH=VALUE}: read as a profile of one value is, but what is wrong is shown in
 * the argument as it was typed.
 */
public final class Setting {
  private static final int INDENT = 2;

  private final String argument;
  private final List<String> path;
  private final String value;

  private Setting(String argument, List<String> path, String value) {
    this.argument = argument;
    this.path = path;
    this.value = value;
  }

  /**
   * What an argument changes.
   *
   * @throws SluiceException exit code 2: SLU-9023 when it is not PATH=VALUE, else what is wrong
   *     with path or value, as a profile would be told
   */
  public static Overlay overlay(String argument, Spec spec) {
    int equals = argument.indexOf('=');
    if (equals <= 0) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9023",
              "--set " + argument + " is not PATH=VALUE",
              "for example --set stages.tune.with.trials=10"));
    }
    Setting setting =
        new Setting(
            argument,
            List.of(argument.substring(0, equals).split("\\.", -1)),
            argument.substring(equals + 1));
    Parsed<Overlay> parsed =
        SpecParser.parseOverlay(new SourceFile("--set", setting.document()), spec);
    return parsed
        .value()
        .orElseThrow(() ->
            new SluiceException(
                ExitCode.INPUT_WRONG,
                parsed.diagnostics().stream().map(setting::inArgument).toList()));
  }

  /** The document of one value: a line for each segment of the path. */
  private String document() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < path.size(); i++) {
      text.repeat(' ', INDENT * i).append(path.get(i));
      text.append(i < path.size() - 1 ? ":\n" : ": ");
    }
    return text.append(value).append('\n').toString();
  }

  private Diagnostic inArgument(Diagnostic d) {
    return new Diagnostic(d.id(), d.message(), d.location().map(this::inArgument), d.hint());
  }

  /** Line i of the document is segment i of the path; the last one has the value too. */
  private Location inArgument(Location at) {
    List<Integer> starts = new ArrayList<>();
    int start = 1;
    for (String segment : path) {
      starts.add(start);
      start += codePoints(segment) + 1;
    }
    int segment = Math.min(at.line(), path.size()) - 1;
    int inLine = Math.max(0, at.column() - 1 - INDENT * segment);
    // `key: value` in the document is `key=value` in the argument.
    boolean inValue = segment == path.size() - 1 && inLine > codePoints(path.get(segment));
    int column = starts.get(segment) + inLine - (inValue ? 1 : 0);
    int end = codePoints(argument) + 1;
    column = Math.min(column, end);
    return new Location(
        new SourceFile("--set", argument),
        1,
        column,
        Math.max(1, Math.min(at.length(), end - column)));
  }

  private static int codePoints(String text) {
    return text.codePointCount(0, text.length());
  }
}
