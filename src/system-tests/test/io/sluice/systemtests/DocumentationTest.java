package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Holds the repository's Markdown together: links resolve, and the lists of pages are complete. */
class DocumentationTest {
  private static final Path ROOT = RepositoryFiles.ROOT;
  private static final Path DOCS = ROOT.resolve("docs");
  private static final Path DECISIONS = DOCS.resolve("adr");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^()\\s]+)(?: \"[^\"]*\")?\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*?) *$");
  private static final Pattern TITLE = Pattern.compile("# (?:[0-9]+[.:]? )?(.*)");
  private static final Pattern STATUS =
      Pattern.compile("(?i)\\b(?:(proposed|accepted|rejected)|superseded by \\[?([0-9]{4}))\\b");

  /** Decisions older than this were written before there was a template. */
  private static final String FIRST_BY_TEMPLATE = "0200";

  private static final List<String> SECTIONS =
      List.of("Status", "Context", "Options", "Decision", "Consequences", "Confirmation");

  @Test
  void everyRelativeLinkLeadsSomewhere() throws IOException {
    List<String> dead = new ArrayList<>();
    for (Path page : pages()) {
      for (String link : links(page)) {
        if (link.matches("[a-z]+:.*") || leadsSomewhere(page, link)) {
          continue;
        }
        dead.add(ROOT.relativize(page) + " -> " + link);
      }
    }
    assertThat(dead).as("links to files or headings that do not exist").isEmpty();
  }

  @Test
  void everyPageOfDocsIsOnTheMap() throws IOException {
    Path map = DOCS.resolve("README.md");
    List<String> onTheMap = links(map);
    try (Stream<Path> list = Files.list(DOCS)) {
      assertThat(
              list.map(p -> p.getFileName().toString())
                  .filter(n -> n.endsWith(".md") && !n.equals("README.md"))
                  .filter(n -> !onTheMap.contains(n)))
          .as("pages of docs that docs/README.md does not link")
          .isEmpty();
    }
  }

  @Tag("golden")
  @Test
  void everyDecisionIsListedWithItsStatus() throws IOException {
    Path list = DECISIONS.resolve("README.md");
    String text = Files.readString(list);
    String rows = "|---|---|---|\n";
    int table = text.indexOf(rows);
    assertThat(table).as("a table in %s", list).isPositive();
    StringBuilder wanted = new StringBuilder(text.substring(0, table)).append(rows);
    for (Path decision : decisions()) {
      wanted.append(row(decision)).append('\n');
    }
    if ("write".equals(System.getProperty("goldens"))) {
      Files.writeString(list, wanted);
      text = wanted.toString();
    }
    assertThat(text).as("mvn -Pgoldens test writes the list anew").isEqualTo(wanted.toString());
  }

  @Test
  void decisionsFollowTheTemplate() throws IOException {
    assertThat(headings(DECISIONS.resolve("0000-template.md"))).containsAll(SECTIONS);
    for (Path decision : decisions()) {
      if (number(decision).compareTo(FIRST_BY_TEMPLATE) >= 0) {
        assertThat(headings(decision)).as("%s", decision).containsSubsequence(SECTIONS);
      }
    }
  }

  private static List<Path> decisions() throws IOException {
    try (Stream<Path> list = Files.list(DECISIONS)) {
      return list.filter(p -> p.getFileName().toString().matches("[0-9]{4}-[a-z0-9-]+\\.md"))
          .filter(p -> !number(p).equals("0000"))
          .sorted()
          .toList();
    }
  }

  private static String number(Path decision) {
    return decision.getFileName().toString().substring(0, 4);
  }

  private static String row(Path decision) throws IOException {
    List<String> lines = Files.readString(decision).lines().toList();
    Matcher title = TITLE.matcher(lines.getFirst());
    assertThat(title.matches()).as("a title in the first line of %s", decision).isTrue();
    String head = String.join("\n", lines.subList(1, Math.min(8, lines.size())));
    Matcher status = STATUS.matcher(head);
    assertThat(status.find()).as("a status at the head of %s", decision).isTrue();
    String shown =
        status.group(1) == null
            ? "superseded by " + status.group(2)
            : status.group(1).toLowerCase(Locale.ROOT);
    return "| [%s](%s) | %s | %s |"
        .formatted(number(decision), decision.getFileName(), title.group(1), shown);
  }

  private static List<Path> pages() throws IOException {
    List<Path> found = RepositoryFiles.named(Pattern.compile(".*\\.md"));
    assertThat(found).hasSizeGreaterThan(50);
    return found;
  }

  private static List<String> links(Path page) throws IOException {
    return LINK.matcher(prose(page).replaceAll("`[^`\n]*`", ""))
        .results()
        .map(m -> m.group(1))
        .toList();
  }

  /** The page without its blocks of code. */
  private static String prose(Path page) throws IOException {
    return Files.readString(page).replaceAll("(?ms)^ *```.*?^ *```", "");
  }

  private static boolean leadsSomewhere(Path page, String link) throws IOException {
    int hash = link.indexOf('#');
    String path =
        URLDecoder.decode(hash < 0 ? link : link.substring(0, hash), StandardCharsets.UTF_8);
    Path target = path.isEmpty() ? page : page.resolveSibling(path).normalize();
    if (!target.startsWith(ROOT) || !Files.exists(target)) {
      return false;
    }
    return hash < 0
        || target.toString().endsWith(".md") && anchors(target).contains(link.substring(hash + 1));
  }

  private static List<String> headings(Path page) throws IOException {
    return HEADING.matcher(prose(page)).results().map(m -> m.group(1)).toList();
  }

  /** Anchors of headings as GitHub makes them: one that is there already gets a number. */
  private static Set<String> anchors(Path page) throws IOException {
    Map<String, Integer> seen = new HashMap<>();
    Set<String> found = new TreeSet<>();
    for (String heading : headings(page)) {
      String anchor =
          heading
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N}\\p{M}_ -]", "")
              .replace(' ', '-');
      int before = seen.merge(anchor, 1, Integer::sum) - 1;
      found.add(before == 0 ? anchor : anchor + "-" + before);
    }
    return found;
  }
}
