package io.sluice.tekton.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.Location;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TektonObject;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Tekton's objects as YAML. Writing is deterministic: equal objects give equal bytes, fields in the
 * order of the records, and {@code parse(write(x))} is {@code x}. Reading is strict and bounded, so
 * that it may be given files by strangers.
 */
public final class TektonYaml {
  private static final int MAX_CHARACTERS = 3 * 1024 * 1024;
  private static final int DEEPEST = 50;
  private static final int MAX_ALIASES = 50;
  private static final List<String> TOP = List.of("apiVersion", "kind", "metadata", "spec");

  private TektonYaml() {}

  /** The objects as documents of one text, in this order. */
  public static String write(List<? extends TektonObject> objects) {
    StringBuilder text = new StringBuilder();
    for (TektonObject object : objects) {
      text.append(text.isEmpty() ? "" : "---\n").append(YamlWriter.write(tree(object)));
    }
    return text.toString();
  }

  /** One object as a text of one document. */
  public static String write(TektonObject object) {
    return write(List.of(object));
  }

  /** One object as the API server keeps it: JSON. */
  public static JsonNode json(TektonObject object) {
    return Trees.json(tree(object));
  }

  private static Map<String, Object> tree(TektonObject object) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("apiVersion", TektonObject.API_VERSION);
    tree.put("kind", object.getClass().getSimpleName());
    tree.putAll(Trees.of((Record) object));
    return tree;
  }

  /**
   * Reads the documents of a text; empty ones are passed over.
   *
   * @throws SluiceException exit code 2, with every problem found: {@code SLU-2001} not YAML or too
   *     much of it, {@code SLU-2002} an unknown field, {@code SLU-2003} a wrong value, {@code
   *     SLU-2004} an object of another kind or version, {@code SLU-2005} a duplicate key
   */
  public static List<TektonObject> parse(SourceFile source) {
    RecordReader reader = new RecordReader(source);
    List<TektonObject> objects = new ArrayList<>();
    try {
      for (Node document : yaml().composeAll(new StringReader(source.text()))) {
        if (document != null && !Tag.NULL.equals(document.getTag())) {
          TektonObject object = object(reader, document);
          if (object != null) {
            objects.add(object);
          }
        }
      }
    } catch (MarkedYAMLException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(notYaml(source, String.valueOf(e.getProblem()), e.getProblemMark())),
          e);
    } catch (YAMLException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG, List.of(notYaml(source, String.valueOf(e.getMessage()), null)), e);
    }
    if (!reader.problems().isEmpty()) {
      throw new SluiceException(ExitCode.INPUT_WRONG, reader.problems());
    }
    return List.copyOf(objects);
  }

  private static Yaml yaml() {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_CHARACTERS);
    options.setNestingDepthLimit(DEEPEST);
    options.setMaxAliasesForCollections(MAX_ALIASES);
    options.setAllowRecursiveKeys(false);
    return new Yaml(options);
  }

  private static Diagnostic notYaml(SourceFile source, String problem, @Nullable Mark mark) {
    Location at =
        mark == null
            ? new Location(source, 1, 1, 1)
            : new Location(source, mark.getLine() + 1, mark.getColumn() + 1, 1);
    return Diagnostic.at("SLU-2001", "not YAML that can be read: " + problem, at, "");
  }

  private static @Nullable TektonObject object(RecordReader reader, Node document) {
    Map<String, NodeTuple> entries = reader.entries(document, "a document");
    if (entries == null) {
      return null;
    }
    String version = text(entries.get("apiVersion"));
    String kind = text(entries.get("kind"));
    Optional<Class<? extends TektonObject>> type = type(version, kind);
    if (type.isEmpty()) {
      reader.problem(
          "SLU-2004",
          document,
          "an object of kind '" + kind + "' and version '" + version + "'",
          "expected " + TektonObject.API_VERSION + " Task, Pipeline or PipelineRun");
      return null;
    }
    Map<String, NodeTuple> fields = new LinkedHashMap<>(entries);
    fields.remove("apiVersion");
    fields.remove("kind");
    for (Map.Entry<String, NodeTuple> entry : entries.entrySet()) {
      if (!TOP.contains(entry.getKey())) {
        reader.unknown(entry.getValue().getKeyNode(), entry.getKey(), kind, TOP);
        fields.remove(entry.getKey());
      }
    }
    Object object = reader.record(type.get(), document, fields, kind);
    return object == null ? null : type.get().cast(object);
  }

  private static Optional<Class<? extends TektonObject>> type(String version, String kind) {
    if (!version.equals(TektonObject.API_VERSION)) {
      return Optional.empty();
    }
    return switch (kind) {
      case "Task" -> Optional.of(Task.class);
      case "Pipeline" -> Optional.of(Pipeline.class);
      case "PipelineRun" -> Optional.of(PipelineRun.class);
      default -> Optional.empty();
    };
  }

  private static String text(@Nullable NodeTuple entry) {
    return entry != null && entry.getValueNode() instanceof ScalarNode scalar
        ? scalar.getValue()
        : "";
  }
}
