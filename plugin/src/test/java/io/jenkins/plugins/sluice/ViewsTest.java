package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Views are well-formed, escape what they show, and bring no script or style of their own. */
class ViewsTest {
  static Stream<Path> views() throws Exception {
    try (Stream<Path> files = Files.walk(folder())) {
      return files
          .filter(f -> f.toString().matches(".*\\.(jelly|html)"))
          .sorted()
          .toList()
          .stream();
    }
  }

  private static Path folder() throws URISyntaxException {
    URL messages = ViewsTest.class.getResource("config/Messages.properties");
    Path config =
        Objects.requireNonNull(Path.of(Objects.requireNonNull(messages).toURI()).getParent());
    return Objects.requireNonNull(config.getParent());
  }

  @ParameterizedTest
  @MethodSource("views")
  void aViewIsFitForAPage(Path view) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    Element root = factory.newDocumentBuilder().parse(view.toFile()).getDocumentElement();
    if (view.toString().endsWith(".jelly")) {
      assertThat(Files.readString(view)).startsWith("<?jelly escape-by-default='true'?>");
    }
    NodeList elements = root.getElementsByTagName("*");
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

  /** A field of a form is a property of what the form is for. */
  @ParameterizedTest
  @MethodSource("views")
  void aFieldIsAProperty(Path view) throws Exception {
    if (!view.endsWith("config.jelly")) {
      return;
    }
    Class<?> type =
        Class.forName(
            "io.jenkins.plugins.sluice."
                + folder()
                    .relativize(Objects.requireNonNull(view.getParent()))
                    .toString()
                    .replace(File.separatorChar, '.'));
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    NodeList elements = factory.newDocumentBuilder().parse(view.toFile()).getElementsByTagName("*");
    for (int i = 0; i < elements.getLength(); i++) {
      String field = ((Element) elements.item(i)).getAttribute("field");
      if (!field.isEmpty()) {
        String getter =
            "get" + field.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + field.substring(1);
        assertThat(type.getMethods())
            .as("%s in %s", field, view)
            .anyMatch(m -> m.getName().equals(getter));
      }
    }
  }
}
