package io.jenkins.plugins.sluice.form;

import com.cloudbees.plugins.credentials.CredentialsMatcher;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import hudson.model.Item;
import hudson.security.ACL;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import jenkins.model.Jenkins;
import org.jspecify.annotations.Nullable;

/** What the forms of clusters and registries have in common. */
public final class Forms {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");

  private Forms() {}

  /** Whoever asks anything of a form may change what it changes, or is refused. */
  public static void mayConfigure(@Nullable Item item) {
    if (item == null) {
      Jenkins.get().checkPermission(Jenkins.ADMINISTER);
    } else {
      item.checkPermission(Item.CONFIGURE);
    }
  }

  /**
   * The credentials that are offered; to others than those who may choose, only the present one.
   */
  public static ListBoxModel credentials(
      @Nullable Item item,
      String present,
      Class<StandardCredentials> type,
      CredentialsMatcher matcher,
      StandardListBoxModel list) {
    boolean may =
        item == null
            ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
            : item.hasPermission(Item.EXTENDED_READ)
                || item.hasPermission(CredentialsProvider.USE_ITEM);
    if (!may) {
      return list.includeCurrentValue(present);
    }
    var all = list.includeEmptyValue();
    all =
        item == null
            ? all.includeMatchingAs(ACL.SYSTEM2, Jenkins.get(), type, List.of(), matcher)
            : all.includeMatchingAs(ACL.SYSTEM2, item, type, List.of(), matcher);
    return all.includeCurrentValue(present);
  }

  /** A text as it was given, without blanks around it; null, as of an unset variable: empty. */
  public static String text(@Nullable String given) {
    return given == null ? "" : given.strip();
  }

  /** The lines of a text that say anything. */
  public static List<String> lines(@Nullable String text) {
    return text(text).lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
  }

  /** Whether each line is a setting. */
  public static FormValidation settings(String text) {
    return lines(text).stream()
        .filter(l -> l.indexOf('=') <= 0)
        .findFirst()
        .map(l -> FormValidation.error(Messages.Forms_setting(l)))
        .orElseGet(FormValidation::ok);
  }

  /**
   * What a list was set to, as one of our own; null, as of a form without any: empty.
   *
   * @throws IllegalArgumentException as {@link #ids}
   */
  public static <T> List<T> named(String what, @Nullable List<T> given, Function<T, String> id) {
    List<T> all = given == null ? new ArrayList<>() : new ArrayList<>(given);
    ids(what, all.stream().map(id).toList());
    return all;
  }

  /**
   * Refuses ids that nothing could name, or that name two.
   *
   * @throws IllegalArgumentException in words for whoever wrote the configuration
   */
  static void ids(String what, List<String> ids) {
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

  /** What was wrong in the first place: what binds a form wraps what a setter says. */
  public static String words(Throwable t) {
    Throwable innermost = t;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    return String.valueOf(innermost.getMessage());
  }

  public static FormValidation id(String value) {
    return ID.matcher(value.strip()).matches()
        ? FormValidation.ok()
        : FormValidation.error(Messages.Forms_id());
  }
}
