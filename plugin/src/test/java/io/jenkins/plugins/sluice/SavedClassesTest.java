package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Action;
import hudson.model.Cause;
import hudson.model.Describable;
import hudson.model.Descriptor;
import hudson.security.PermissionGroup;
import java.io.IOException;
import java.io.Serializable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.junit.jupiter.api.Test;

/**
 * Jenkins saves classes and fields by name: in a build's program, in build.xml and config.xml, in
 * notes of a log, in calls to agents. What it saves is listed in {@code saved-classes.txt}. A name
 * that changes makes a later version of the plugin unable to read what an earlier one wrote, so a
 * difference to the list needs a migration ({@code readResolve}, an alias), not only a new list.
 */
class SavedClassesTest {
  private static Path list() {
    String root = System.getProperty("sluice.root");
    return root == null
        ? Path.of("saved-classes.txt")
        : Path.of(root, "plugin", "saved-classes.txt");
  }

  @Test
  void whatJenkinsSavesIsListed() throws Exception {
    TreeMap<String, String> found = new TreeMap<>();
    for (Class<?> type : PluginClasses.all()) {
      if (isSaved(type)) {
        found.put(type.getName(), line(type));
      }
    }
    assertThat(found.values().stream().sorted().collect(Collectors.joining("\n")))
        .isEqualTo(read().stream().sorted().collect(Collectors.joining("\n")));
  }

  private static List<String> read() throws IOException {
    return Files.readAllLines(list()).stream()
        .filter(l -> !l.isBlank() && !l.startsWith("#"))
        .toList();
  }

  /**
   * A class that Jenkins writes to disk or sends to an agent, or a name that stands in
   * Jenkinsfiles.
   */
  private static boolean isSaved(Class<?> type) {
    return !type.isAnonymousClass()
        && !type.isEnum()
        && !(Step.class.isAssignableFrom(type) && Modifier.isAbstract(type.getModifiers()))
        && (Serializable.class.isAssignableFrom(type)
            || Action.class.isAssignableFrom(type)
            || Cause.class.isAssignableFrom(type)
            || Describable.class.isAssignableFrom(type)
            || hasPermissions(type));
  }

  private static boolean hasPermissions(Class<?> type) {
    return Arrays.stream(type.getDeclaredFields())
        .anyMatch(f -> f.getType() == PermissionGroup.class);
  }

  private static String line(Class<?> type) {
    String parent = type.getSuperclass() == null ? "" : type.getSuperclass().getSimpleName();
    if (Step.class.isAssignableFrom(type)) {
      return type.getName() + " (" + String.join(", ", PluginClasses.parameters(type)) + ")";
    }
    return type.getName()
        + " < "
        + parent
        + " {"
        + Arrays.stream(type.getDeclaredFields())
            .filter(f -> isWritten(f))
            .map(f -> f.getName() + ": " + f.getType().getSimpleName())
            .sorted()
            .collect(Collectors.joining(", "))
        + "}";
  }

  private static boolean isWritten(Field field) {
    return !Modifier.isStatic(field.getModifiers())
        && !Modifier.isTransient(field.getModifiers())
        && !field.isSynthetic();
  }

  @Test
  void aFieldThatChangesItsNameChangesTheLine() {
    assertThat(line(Before.class).replace("Before", "X"))
        .isNotEqualTo(line(After.class).replace("After", "X"));
    assertThat(isSaved(Before.class)).isTrue();
    assertThat(isSaved(Descriptor.class)).as("not saved by itself").isFalse();
  }

  private static final class Before implements Serializable {
    private static final long serialVersionUID = 1L;
    final String run = "";
    transient String shown = "";
  }

  private static final class After implements Serializable {
    private static final long serialVersionUID = 1L;
    final String runId = "";
    transient String shown = "";
  }
}
