package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.console.ConsoleNote;
import hudson.model.Action;
import hudson.model.Describable;
import io.jenkins.plugins.sluice.config.ClusterConfig;
import io.jenkins.plugins.sluice.page.BadgeAction;
import io.jenkins.plugins.sluice.page.ModelAction;
import io.jenkins.plugins.sluice.step.TuneStep;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import jenkins.model.GlobalConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kohsuke.stapler.WebMethod;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Views, forms and help texts are found by the names of their classes, which only a controller
 * notices. So this holds names and folders against each other, and views against what a page may
 * contain.
 */
class ViewsTest {
  private static final Pattern PROPERTY = Pattern.compile("\\b(?:it|instance)\\.(\\w+)");

  /** A text of a page that cannot be translated. */
  private static final Pattern FIXED =
      Pattern.compile(
          "\\b(?:title|header|add|progress)=\"[^\"$][^\"]*\"|>[^<>{}$]*[A-Za-z][^<>{}$]*<");

  private static final Pattern KEY = Pattern.compile("\\$\\{%([^}]+)}");

  static Stream<Path> views() throws Exception {
    try (Stream<Path> files = Files.walk(PluginClasses.resources())) {
      return files
          .filter(f -> f.toString().matches(".*\\.(jelly|html)"))
          .sorted()
          .toList()
          .stream();
    }
  }

  private static Element document(Path view) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    return factory.newDocumentBuilder().parse(view.toFile()).getDocumentElement();
  }

  private static Class<?> owner(Path root, Path view) {
    return PluginClasses.load(PluginClasses.name(root, Objects.requireNonNull(view.getParent())));
  }

  /** A job's model may be a classifier as well. */
  @ParameterizedTest
  @MethodSource("views")
  void aViewSuitsModelsOfAnyTask(Path view) throws Exception {
    assertThat(Files.readString(view).replace("pipelines/rma-forecast", ""))
        .doesNotContainIgnoringCase("forecast")
        .doesNotContainPattern("(?i)\\b(windows?|weeks?|horizons?)\\b");
  }

  @ParameterizedTest
  @MethodSource("views")
  void aViewIsFitForAPage(Path view) throws Exception {
    if (view.toString().endsWith(".jelly")) {
      assertThat(Files.readString(view)).startsWith("<?jelly escape-by-default='true'?>");
    }
    NodeList elements = document(view).getElementsByTagName("*");
    for (int i = 0; i < elements.getLength(); i++) {
      Element e = (Element) elements.item(i);
      assertThat(e.getTagName()).isNotIn("script", "style", "st:adjunct");
      for (int a = 0; a < e.getAttributes().getLength(); a++) {
        assertThat(e.getAttributes().item(a).getNodeName())
            .as("%s in %s", e.getTagName(), view)
            .isNotEqualTo("style")
            .doesNotStartWith("on");
      }
    }
  }

  /** Jelly drops the blanks at both ends of a text: one that matters there is lost. */
  @ParameterizedTest
  @MethodSource("views")
  void noTextBeginsWithABlankThatMatters(Path view) throws Exception {
    if (view.toString().endsWith(".jelly")) {
      assertThat(Files.readString(view)).doesNotContainPattern(">[ ]+[^ <\\s]");
    }
  }

  @ParameterizedTest
  @MethodSource("views")
  void aViewFitsItsClass(Path view) throws Exception {
    assertThat(problems(owner(PluginClasses.resources(), view), view)).isEmpty();
  }

  @Test
  void everyClassWithAViewHasItsViews() throws Exception {
    List<String> problems = new ArrayList<>();
    for (Class<?> type : PluginClasses.all()) {
      problems.addAll(missing(type, PluginClasses.resources()));
    }
    assertThat(problems).isEmpty();
  }

  /** The views that Jenkins looks for under the full name of a class and that are not there. */
  private static List<String> missing(Class<?> type, Path resources) {
    if (Modifier.isAbstract(type.getModifiers())) {
      return List.of();
    }
    String folder =
        type.getName()
            .substring(PluginClasses.class.getPackageName().length() + 1)
            .replace('.', '/');
    List<String> out = new ArrayList<>();
    // a note in a log is described without being configured
    boolean hasForm =
        !ConsoleNote.class.isAssignableFrom(type)
            && (Describable.class.isAssignableFrom(type)
                || GlobalConfiguration.class.isAssignableFrom(type));
    if (hasForm) {
      if (!Files.exists(resources.resolve(folder + "/config.jelly"))) {
        out.add(type.getName() + " has no config.jelly");
      }
      if (type.getConstructors().length > 0 && !GlobalConfiguration.class.isAssignableFrom(type)) {
        for (String parameter : PluginClasses.parameters(type)) {
          if (!hasHelp(type, parameter, resources)) {
            out.add(type.getName() + " has no help for " + parameter);
          }
        }
      }
    }
    boolean servesByMethods =
        Arrays.stream(type.getMethods()).anyMatch(m -> m.isAnnotationPresent(WebMethod.class));
    if (Action.class.isAssignableFrom(type)
        && !servesByMethods
        && !Files.exists(resources.resolve(folder + "/index.jelly"))) {
      out.add(type.getName() + " has no index.jelly");
    }
    return out;
  }

  /** Lists of clusters and registries are repeated forms, which bring help of their own. */
  private static boolean hasHelp(Class<?> type, String parameter, Path resources) {
    if (parameter.equals("clusters") || parameter.equals("registries")) {
      return true;
    }
    // as a form looks for it: with the class, else with those that it extends
    for (Class<?> at = type;
        at != null && at.getName().startsWith(PluginClasses.class.getPackageName());
        at = at.getSuperclass()) {
      String folder =
          at.getName()
              .substring(PluginClasses.class.getPackageName().length() + 1)
              .replace('.', '/');
      if (Files.exists(resources.resolve(folder + "/help-" + parameter + ".html"))) {
        return true;
      }
    }
    return false;
  }

  /** What in a view refers to nothing in its class. */
  private static List<String> problems(Class<?> type, Path view) throws Exception {
    List<String> out = new ArrayList<>();
    String file = Objects.requireNonNull(view.getFileName()).toString();
    String text = Files.readString(view);
    if (file.startsWith("help-")) {
      String parameter = file.substring("help-".length(), file.length() - ".html".length());
      if (!isParameter(type, parameter)) {
        out.add("help for " + parameter + ", which is not a parameter of " + type.getSimpleName());
      }
    }
    for (Matcher m = PROPERTY.matcher(text); m.find(); ) {
      if (getter(type, m.group(1)) == null && method(type, m.group(1)) == null) {
        out.add(type.getSimpleName() + " has no property " + m.group(1));
      }
    }
    for (Matcher m = KEY.matcher(text); m.find(); ) {
      unreadable(view, m.group(1)).ifPresent(out::add);
    }
    if (file.endsWith(".jelly")) {
      for (Matcher m = FIXED.matcher(text); m.find(); ) {
        out.add("not to be translated: " + m.group().strip());
      }
    }
    if (file.endsWith(".jelly")) {
      NodeList elements = document(view).getElementsByTagName("*");
      for (int i = 0; i < elements.getLength(); i++) {
        Element e = (Element) elements.item(i);
        field(type, e.getAttribute("field"), e, out);
        if (!e.getAttribute("method").isEmpty() && e.getTagName().equals("f:validateButton")) {
          button(type, e, out);
        }
      }
    }
    return out;
  }

  private static void field(Class<?> type, String field, Element entry, List<String> out) {
    if (field.isEmpty()) {
      return;
    }
    if (getter(type, field) == null) {
      out.add(type.getSimpleName() + " has no getter for " + field);
    }
    if (!isParameter(type, field)) {
      out.add(type.getSimpleName() + " takes no " + field);
    }
    boolean select =
        entry.getElementsByTagName("f:select").getLength() > 0
            || entry.getElementsByTagName("c:select").getLength() > 0;
    if (select && method(descriptor(type), "doFill" + capitalised(field) + "Items") == null) {
      out.add(type.getSimpleName() + " offers nothing to select for " + field);
    }
  }

  /** A button sends the fields that it names, and its method takes them by these names. */
  private static void button(Class<?> type, Element button, List<String> out) {
    Method method = method(descriptor(type), "do" + capitalised(button.getAttribute("method")));
    if (method == null) {
      out.add(type.getSimpleName() + " has no method for " + button.getAttribute("method"));
      return;
    }
    List<String> taken = Arrays.stream(method.getParameters()).map(p -> p.getName()).toList();
    for (String sent : button.getAttribute("with").split(",")) {
      if (!taken.contains(sent)) {
        out.add(method.getName() + " does not take " + sent);
      }
    }
  }

  private static boolean isParameter(Class<?> type, String name) {
    return PluginClasses.parameters(type).contains(name)
        // the help of an abstract step belongs to the steps that extend it
        || (Modifier.isAbstract(type.getModifiers())
            && method(type, "get" + capitalised(name)) != null);
  }

  private static @org.jspecify.annotations.Nullable Method getter(Class<?> type, String property) {
    Method get = method(type, "get" + capitalised(property));
    return get != null ? get : method(type, "is" + capitalised(property));
  }

  private static @org.jspecify.annotations.Nullable Method method(Class<?> type, String name) {
    return Arrays.stream(type.getMethods())
        .filter(m -> m.getName().equals(name))
        .findFirst()
        .orElse(null);
  }

  private static Class<?> descriptor(Class<?> type) {
    return Arrays.stream(type.getDeclaredClasses())
        .filter(c -> c.getSimpleName().equals("DescriptorImpl"))
        .findFirst()
        .<Class<?>>map(c -> c)
        .orElse(type);
  }

  /**
   * A key without arguments is its own text, as far as nothing translates it. Jenkins formats it
   * all the same, so an apostrophe would be lost.
   */
  private static Optional<String> unreadable(Path view, String key) throws IOException {
    int arguments = key.indexOf('(');
    if (arguments < 0) {
      return key.contains("'") ? Optional.of("an apostrophe in " + key) : Optional.empty();
    }
    String name = key.substring(0, arguments);
    return hasKey(view, name) ? Optional.empty() : Optional.of("no text for " + name);
  }

  private static boolean hasKey(Path view, String key) throws IOException {
    Path texts = Path.of(view.toString().replaceFirst("\\.jelly$", ".properties"));
    return Files.exists(texts)
        && Files.readAllLines(texts).stream().anyMatch(l -> l.startsWith(key + "="));
  }

  private static String capitalised(String name) {
    return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }

  // these checks have to be able to fail

  @Test
  void aViewThatFitsNoClassIsFound(@TempDir Path folder) throws Exception {
    Path view = folder.resolve("config.jelly");
    Files.writeString(
        view,
        "<j xmlns:f='/lib/form'><f:entry field='idd'/><f:entry field='server'><f:select/></f:entry>"
            + "<f:validateButton method='testConnection' with='id,nothing'/>"
            + "<p>${it.unknown} ${%greeting(it)} ${%it's} title</p></j>");
    assertThat(problems(ClusterConfig.class, view))
        .contains(
            "ClusterConfig has no getter for idd",
            "ClusterConfig takes no idd",
            "ClusterConfig offers nothing to select for server",
            "doTestConnection does not take nothing",
            "ClusterConfig has no property unknown",
            "no text for greeting",
            "an apostrophe in it's");
    Files.writeString(view, "<j><p>Fixed</p><x title='${a}'/><x header=\"Fixed too\"/></j>");
    assertThat(problems(ClusterConfig.class, view))
        .containsExactlyInAnyOrder(
            "not to be translated: >Fixed<", "not to be translated: header=\"Fixed too\"");
    Path help = folder.resolve("help-tries.html");
    Files.writeString(help, "<div/>");
    assertThat(problems(TuneStep.class, help))
        .containsExactly("help for tries, which is not a parameter of TuneStep");
  }

  @Test
  void aClassWithoutItsViewsIsFound(@TempDir Path nothing) {
    assertThat(missing(TuneStep.class, nothing))
        .contains(
            TuneStep.class.getName() + " has no config.jelly",
            TuneStep.class.getName() + " has no help for trials");
    assertThat(missing(ModelAction.class, nothing))
        .containsExactly(ModelAction.class.getName() + " has no index.jelly");
    assertThat(missing(BadgeAction.class, nothing)).as("it answers by methods").isEmpty();
  }
}
