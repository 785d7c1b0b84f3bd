package io.sluice.tekton.lower;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.run.StageName;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.yaml.TektonYaml;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How large the objects of a run become on a cluster: not as they are written, but as etcd keeps
 * them when Tekton has copied specs into their status, filled in values, and repeated that for each
 * retry. Tekton never stops trying to save an object that is too large, and a run with one never
 * ends; so it is refused before there is one.
 */
public final class ObjectSizes {
  /**
   * What an object may have. etcd takes requests of 1.5 MiB unless it is configured otherwise; the
   * rest is for what others add: managed fields, conditions, annotations of controllers.
   */
  public static final int LIMIT = 1 << 20;

  /** Linux takes 128 KiB for one argument or variable of a program, the final NUL included. */
  public static final int ARGUMENT_LIMIT = (128 << 10) - 1;

  /** Metadata, managed fields, conditions, what the run sets for pods. */
  private static final int AROUND = 16 << 10;

  /** The state of a step, with results of the 4 KiB that a container can leave. */
  private static final int STEP = 6 << 10;

  /** How the PipelineRun lists a task, begun or skipped. */
  private static final int CHILD = 1 << 10;

  /** In place of a result or a variable of Tekton's: longer than a digest. */
  private static final String RESULT = "x".repeat(80);

  private static final Pattern VARIABLE =
      Pattern.compile(
          "\\$\\((?:params(?:\\.([A-Za-z0-9_-]+)|\\[\"([^\"]+)\"])(\\[\\*])?"
              + "|tasks\\.[^()]*|context\\.[^()]*)\\)");

  private ObjectSizes() {}

  /** What of a stage makes it too large. */
  public enum Part {
    COMMAND,
    VALUES,
    WHOLE
  }

  /**
   * An object or an argument that is too large.
   *
   * @param stage empty: the run as a whole
   * @param id of the diagnostic: {@code SLU-2030} an object, {@code SLU-2031} an argument
   */
  public record TooLarge(
      Optional<StageName> stage, Part part, String id, String message, String hint) {}

  /**
   * Refuses a run that a cluster could not keep.
   *
   * @throws SluiceException exit code 2: {@code SLU-2030}, {@code SLU-2031}
   */
  public static void check(PipelineRun selfContained) {
    List<TooLarge> found = find(selfContained);
    if (!found.isEmpty()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          found.stream().map(t -> Diagnostic.of(t.id(), t.message(), t.hint())).toList());
    }
  }

  /**
   * All that is too large in a run, stages in their order.
   *
   * @param selfContained as {@link SelfContained} makes it
   */
  public static List<TooLarge> find(PipelineRun selfContained) {
    JsonNode run = TektonYaml.json(selfContained);
    JsonNode spec = run.get("spec");
    JsonNode pipeline = spec.get("pipelineSpec");
    Map<String, JsonNode> values = values(pipeline, elements(spec, "params"));
    List<TooLarge> found = new ArrayList<>();
    long whole = (long) AROUND + size(run) + size(pipeline);
    for (JsonNode task : tasks(pipeline)) {
      ArrayNode params = (ArrayNode) filled(elements(task, "params"), values);
      whole += CHILD + size(params) - size(elements(task, "params"));
      stage(task, params).ifPresent(found::add);
    }
    if (whole > LIMIT) {
      found.add(
          new TooLarge(
              Optional.empty(),
              Part.WHOLE,
              "SLU-2030",
              "the run would be a PipelineRun of "
                  + bytes(whole)
                  + " on a cluster: it holds each of its "
                  + tasks(pipeline).size()
                  + " tasks twice; at most "
                  + bytes(LIMIT)
                  + " are safe in etcd",
              "judge fewer families in one pipeline, or move what stages share into the code"));
    }
    return List.copyOf(found);
  }

  private static Optional<TooLarge> stage(JsonNode task, ArrayNode params) {
    StageName name = new StageName(task.get("name").asText());
    JsonNode spec = task.path("taskSpec");
    JsonNode filled = filled(spec, values(spec, params));
    long command = 0;
    long values = 0;
    for (JsonNode p : params) {
      switch (p.get("name").asText()) {
        case "command" -> command = size(p.get("value"));
        case "with" -> values = size(p.get("value"));
        default -> {
          // names, digests, images
        }
      }
    }
    Part part = command >= values ? Part.COMMAND : Part.VALUES;
    String has = "its command has " + bytes(command) + ", its values " + bytes(values);
    String hint =
        part == Part.COMMAND
            ? "put the script into a file of the code, and call the file"
            : "put the values into a file of the code, and name the file";
    int longest = longest(filled);
    if (longest > ARGUMENT_LIMIT) {
      return Optional.of(
          new TooLarge(
              Optional.of(name),
              part,
              "SLU-2031",
              "an argument of stage "
                  + name
                  + " has "
                  + bytes(longest)
                  + "; Linux starts no program with one of more than "
                  + bytes(ARGUMENT_LIMIT)
                  + " ("
                  + has
                  + ")",
              hint));
    }
    long attempts = 1 + task.path("retries").asLong(0);
    long steps = (long) elements(spec, "steps").size() + elements(spec, "sidecars").size();
    long taskRun =
        (long) AROUND + size(params) + size(spec) + attempts * (size(filled) + steps * STEP);
    return taskRun <= LIMIT
        ? Optional.empty()
        : Optional.of(
            new TooLarge(
                Optional.of(name),
                part,
                "SLU-2030",
                "stage "
                    + name
                    + " would be a TaskRun of "
                    + bytes(taskRun)
                    + " on a cluster"
                    + (attempts > 1 ? " with its retries" : "")
                    + "; at most "
                    + bytes(LIMIT)
                    + " are safe in etcd ("
                    + has
                    + ")",
                hint));
  }

  private static List<JsonNode> tasks(JsonNode pipeline) {
    List<JsonNode> tasks = new ArrayList<>();
    elements(pipeline, "tasks").forEach(tasks::add);
    elements(pipeline, "finally").forEach(tasks::add);
    return tasks;
  }

  private static ArrayNode elements(JsonNode object, String field) {
    return object.path(field) instanceof ArrayNode list
        ? list
        : JsonNodeFactory.instance.arrayNode();
  }

  /** The values of declared parameters: those that are given, else their defaults. */
  private static Map<String, JsonNode> values(JsonNode spec, ArrayNode given) {
    Map<String, JsonNode> values = new TreeMap<>();
    for (JsonNode declared : elements(spec, "params")) {
      if (declared.has("default")) {
        values.put(declared.get("name").asText(), declared.get("default"));
      }
    }
    given.forEach(p -> values.put(p.get("name").asText(), p.get("value")));
    return values;
  }

  /** A part of an object with the values of parameters in place of their names. */
  private static JsonNode filled(JsonNode node, Map<String, JsonNode> values) {
    return switch (node) {
      case ObjectNode object -> {
        ObjectNode out = Json.object();
        object.properties().forEach(e -> out.set(e.getKey(), filled(e.getValue(), values)));
        yield out;
      }
      case ArrayNode list -> {
        ArrayNode out = JsonNodeFactory.instance.arrayNode();
        for (JsonNode element : list) {
          JsonNode filled = filled(element, values);
          if (element.isTextual() && filled instanceof ArrayNode several) {
            out.addAll(several);
          } else {
            out.add(filled);
          }
        }
        yield out;
      }
      case TextNode text -> filled(text, values);
      default -> node;
    };
  }

  private static JsonNode filled(TextNode text, Map<String, JsonNode> values) {
    Matcher m = VARIABLE.matcher(text.textValue());
    if (m.matches() && m.group(3) != null) {
      return values.getOrDefault(name(m), JsonNodeFactory.instance.arrayNode());
    }
    m.reset();
    return TextNode.valueOf(
        m.replaceAll(found -> {
          JsonNode value = values.get(name(m));
          return Matcher.quoteReplacement(
              value != null && value.isTextual() ? value.textValue() : RESULT);
        }));
  }

  private static String name(Matcher m) {
    String plain = m.group(1);
    String quoted = m.group(2);
    return plain != null ? plain : quoted == null ? "" : quoted;
  }

  /** The longest argument or variable that a program of the task starts with. */
  private static int longest(JsonNode spec) {
    int longest = 0;
    for (String containers : List.of("steps", "sidecars")) {
      for (JsonNode container : elements(spec, containers)) {
        for (String texts : List.of("command", "args")) {
          for (JsonNode text : elements(container, texts)) {
            longest = Math.max(longest, utf8(text.asText()));
          }
        }
        for (JsonNode variable : elements(container, "env")) {
          String text = variable.path("name").asText() + "=" + variable.path("value").asText();
          longest = Math.max(longest, utf8(text));
        }
      }
    }
    return longest;
  }

  private static int size(JsonNode node) {
    return utf8(Json.write(node));
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static String bytes(long n) {
    return String.format(Locale.ROOT, "%,d bytes", n);
  }
}
