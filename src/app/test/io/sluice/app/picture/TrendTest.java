package io.sluice.app.picture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.picture.Trend.Point;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The trend as text of a page. */
class TrendTest {
  @Test
  void oneRunIsNoTrend() {
    assertThat(new Trend("loss", List.of()).svg()).isEmpty();
    assertThat(new Trend("loss", List.of(point("#1", 1, 2))).svg()).isEmpty();
    Point none = new Point("#2", Optional.empty(), Optional.empty(), false);
    assertThat(new Trend("loss", List.of(none, none)).svg()).isEmpty();
  }

  @Test
  void itIsForEverybody() throws Exception {
    Element svg = parsed(new Trend("loss", List.of(point("#1", 1, 1.5), point("#2", 0.8, 1))));
    assertThat(svg.getAttribute("role")).isEqualTo("img");
    assertThat(svg.getAttribute("aria-labelledby"))
        .isEqualTo("sluice-trend-title sluice-trend-desc");
    assertThat(svg.getElementsByTagName("title").item(0).getTextContent())
        .isEqualTo("loss over builds");
    assertThat(svg.getElementsByTagName("desc").item(0).getTextContent())
        .isEqualTo(
            "2 runs from #1 to #2, 2 promoted; the last candidate has 0.8000, the champion that it"
                + " met 1.000.");
  }

  @Test
  void aPageWithAStrictPolicyShowsItInBothColorSchemes() throws Exception {
    Element svg = parsed(new Trend("loss", List.of(point("#1", 1, 1.5), point("#2", 0.8, 1))));
    NodeList all = svg.getElementsByTagName("*");
    for (int i = 0; i < all.getLength(); i++) {
      Element e = (Element) all.item(i);
      assertThat(e.getTagName()).isNotIn("style", "script", "a", "image", "use", "foreignObject");
      for (int a = 0; a < e.getAttributes().getLength(); a++) {
        String name = e.getAttributes().item(a).getNodeName();
        assertThat(name).isNotEqualTo("style").doesNotStartWith("on").doesNotContain("href");
        if ((name.equals("fill") || name.equals("stroke"))
            && !e.getAttribute(name).equals("none")) {
          assertThat(e.getAttribute(name)).startsWith("var(--");
        }
      }
    }
  }

  @Test
  void namesAreTexts() throws Exception {
    Element svg =
        parsed(
            new Trend("<script>", List.of(point("\"><script>", 1, 2), point("</svg><img>", 2, 3))));
    assertThat(svg.getElementsByTagName("script").getLength()).isZero();
    assertThat(svg.getElementsByTagName("img").getLength()).isZero();
  }

  @Test
  void theSameFiguresAreTheSameBytes() {
    List<Point> points = List.of(point("#1", 0.1 + 0.2, 1e-3), point("#2", 1.0 / 3, 2e-3));
    assertThat(new Trend("m", points).svg()).isEqualTo(new Trend("m", points).svg());
  }

  @Test
  void pointsLieWithinAndGapsStayGaps() throws Exception {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      points.add(
          i == 7
              ? new Point("#8", Optional.of(Double.NaN), Optional.empty(), false)
              : point("#" + (i + 1), Math.sin(i) * 100, Math.cos(i) * 100));
    }
    Element svg = parsed(new Trend("m", points));
    NodeList dots = svg.getElementsByTagName("circle");
    assertThat(dots.getLength()).isEqualTo(29);
    for (int i = 0; i < dots.getLength(); i++) {
      Element dot = (Element) dots.item(i);
      assertThat(Double.parseDouble(dot.getAttribute("cx"))).isBetween(64.0, 704.0);
      assertThat(Double.parseDouble(dot.getAttribute("cy"))).isBetween(16.0, 200.0);
    }
    assertThat(new Trend("m", points).svg().orElseThrow()).doesNotContain("NaN");
  }

  @Test
  void equalFiguresStillHaveAScale() throws Exception {
    assertThat(parsed(new Trend("m", List.of(point("#1", 2, 2), point("#2", 2, 2)))).getTagName())
        .isEqualTo("svg");
    assertThat(parsed(new Trend("m", List.of(point("#1", 0, 0), point("#2", 0, 0)))).getTagName())
        .isEqualTo("svg");
  }

  private static Point point(String build, double candidate, double champion) {
    return new Point(build, Optional.of(candidate), Optional.of(champion), candidate < champion);
  }

  private static Element parsed(Trend trend) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(trend.svg().orElseThrow())))
        .getDocumentElement();
  }
}
