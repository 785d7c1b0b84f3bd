package io.jenkins.plugins.sluice.form;

import hudson.util.FormValidation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** The ids by which steps name clusters and registries. */
@Restricted(NoExternalUse.class)
public final class ConfiguredIds {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");

  private ConfiguredIds() {}

  /**
   * A copy of a configured list; empty for null, which a form without entries sends.
   *
   * @throws IllegalArgumentException as {@link #check}
   */
  public static <T> List<T> copyOf(String what, @Nullable List<T> given, Function<T, String> id) {
    List<T> all = given == null ? new ArrayList<>() : new ArrayList<>(given);
    check(what, all.stream().map(id).toList());
    return all;
  }

  /**
   * Refuses ids that no step could name and ids that stand twice.
   *
   * @throws IllegalArgumentException whose message names the id for the author of the configuration
   */
  static void check(String what, List<String> ids) {
    Set<String> seen = new HashSet<>();
    for (String id : ids) {
      if (!ID.matcher(id).matches()) {
        throw new IllegalArgumentException(
            what
                + " '"
                + id
                + "': an id is letters, digits, hyphens and underscores, at most 63, starting with a"
                + " letter or digit");
      }
      if (!seen.add(id)) {
        throw new IllegalArgumentException("there are two of " + what + " " + id);
      }
    }
  }

  /** Checks an id while it is typed. */
  public static FormValidation id(String value) {
    return ID.matcher(value.strip()).matches()
        ? FormValidation.ok()
        : FormValidation.error(Messages.ConfiguredIds_id());
  }
}
