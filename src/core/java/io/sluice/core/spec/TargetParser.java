package io.sluice.core.spec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.json.Json;
import java.util.Optional;

/** Reads targets; also describes their format as JSON Schema, from the same model. */
public final class TargetParser {
  private TargetParser() {}

  /** Reads one {@code targets/<name>.yaml}. Never throws because of what the text says. */
  public static Parsed<TargetSpec> parse(SourceFile file) {
    Problems problems = new Problems();
    YamlReader.Document document = YamlReader.read(file, problems);
    Optional<TargetSpec> target =
        document.root().flatMap(root -> TargetModel.target().read(root, problems));
    return new Parsed<>(
        file, problems.any() ? Optional.empty() : target, document.spans(), problems.sorted());
  }

  /**
   * Reads the text of a target that is kept elsewhere than in a file.
   *
   * @throws io.sluice.core.diag.SluiceException exit code 2, with everything that is wrong with it
   */
  public static TargetSpec parse(String text) {
    return parse(new SourceFile("target", text)).orThrow();
  }

  /** The schema, draft 2020-12, as indented text; the same bytes every time. */
  public static String schema() {
    ObjectNode schema = Json.object();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put(
        "$id", "https://sluice.io/schemas/target-" + Spec.API_VERSION.replace('/', '-') + ".json");
    schema.put("title", "Sluice target");
    schema.setAll(TargetModel.target().schema());
    return Json.pretty(schema);
  }
}
