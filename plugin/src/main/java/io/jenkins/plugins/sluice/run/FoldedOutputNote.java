package io.jenkins.plugins.sluice.run;

import hudson.Extension;
import hudson.MarkupText;
import hudson.console.ConsoleAnnotationDescriptor;
import hudson.console.ConsoleAnnotator;
import hudson.console.ConsoleNote;
import hudson.model.Run;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Folds what the commands of stages wrote, so that a log shows how the stages went and the verdict:
 * on the first line of such output, up to the next line that is none. Open while the build runs.
 * The text of the log has nothing of it.
 */
@Restricted(NoExternalUse.class)
public final class FoldedOutputNote extends ConsoleNote<Object> {
  private static final long serialVersionUID = 1L;

  /** How a line of a stage begins, of its command or of the supervisor. */
  private static final Pattern LABELLED = Pattern.compile("\\[[a-z0-9][a-z0-9-]*\\] .*");

  /** How the supervisor reports a stage, and the verdict: the lines that stay visible. */
  private static final Pattern OF_OURS =
      Pattern.compile(
          "\\[(gate|promote)\\] .*"
              + "|\\[[a-z0-9][a-z0-9-]*\\] (started|done|failed|skipped|cancelled|out of time)\\b.*");

  /** Whether a line of this text ends the folded part before it. */
  static boolean ends(String line) {
    String text = line.replaceFirst("[\\r\\n]+$", "");
    return !LABELLED.matcher(text).matches() || OF_OURS.matcher(text).matches();
  }

  static String begin(boolean open) {
    return "<details class=\"sluice-output\""
        + (open ? " open=\"open\"" : "")
        + "><summary>"
        + Messages.FoldedOutputNote_summary()
        + "</summary>";
  }

  static final String END = "</details>";

  @Override
  public ConsoleAnnotator<Object> annotate(Object context, MarkupText text, int charPos) {
    text.addMarkup(0, begin(context instanceof Run<?, ?> run && run.isBuilding()));
    return new Open();
  }

  /** Looks for the end, line by line. */
  private static final class Open extends ConsoleAnnotator<Object> {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable ConsoleAnnotator<Object> annotate(Object context, MarkupText text) {
      if (ends(text.getText())) {
        text.addMarkup(0, END);
        return null;
      }
      return this;
    }
  }

  /** Has neither a script nor a style sheet. */
  @Extension
  public static final class DescriptorImpl extends ConsoleAnnotationDescriptor {
    @Override
    public String getDisplayName() {
      return Messages.FoldedOutputNote_displayName();
    }
  }
}
