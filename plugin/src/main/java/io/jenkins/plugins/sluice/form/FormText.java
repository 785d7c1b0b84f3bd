package io.jenkins.plugins.sluice.form;

import hudson.util.FormValidation;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Reads the texts of form fields and step parameters. */
@Restricted(NoExternalUse.class)
public final class FormText {
  private FormText() {}

  /** A text without blanks around it; empty for null, which an unset variable gives. */
  public static String text(@Nullable String given) {
    return given == null ? "" : given.strip();
  }

  /** The lines of a text that are not blank. */
  public static List<String> lines(@Nullable String text) {
    return text(text).lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
  }

  /** Checks that each line is a setting. */
  public static FormValidation settings(String text) {
    return lines(text).stream()
        .filter(l -> l.indexOf('=') <= 0)
        .findFirst()
        .map(l -> FormValidation.error(Messages.FormText_setting(l)))
        .orElseGet(FormValidation::ok);
  }
}
