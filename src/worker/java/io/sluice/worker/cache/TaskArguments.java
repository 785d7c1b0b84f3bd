package io.sluice.worker.cache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.plan.OwnEvaluation;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.TableUse;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.CommandWords;
import io.sluice.worker.command.CommonOptions;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What fetch gets to know about a stage (ARGS in docs/architecture.md), typed. The task tells fetch
 * alone; store reads the same from the file that fetch left, whose digest a result of fetch says,
 * so that it need not believe anything that lies in the stage workspace.
 *
 * @param predict how what {@code train} leaves forecasts by a command: {@code command} and {@code
 *     environment}; empty when it is a graph
 * @param workers names of the pods that help a search; empty: its trials share this pod
 * @param worker the name of this pod, where it is one of those: it leaves nothing behind
 * @param seed of the spec
 * @param with the stage's values, as its command sees them
 * @param tables what evaluate stages make of the tables that this stage writes
 * @param evaluation what the gate asks of the rows, where the stage is the team's own evaluation
 * @param ownModels whether the models of this train stage meet that evaluation alone
 * @param inputs sorted by name
 * @param outputs declared names, sorted
 */
public record TaskArguments(
    RunId run,
    StageName stage,
    Plan.Kind kind,
    int attempt,
    Digest resolved,
    Optional<Digest> environment,
    String image,
    Optional<String> family,
    Optional<JsonNode> predict,
    List<String> workers,
    Optional<String> worker,
    long seed,
    JsonNode with,
    List<TableUse> tables,
    Optional<OwnEvaluation> evaluation,
    boolean ownModels,
    Path workspace,
    Path store,
    boolean untrusted,
    List<Input> inputs,
    List<String> outputs,
    List<String> command) {

  private static final Set<String> SCALARS =
      Set.of(
          "--run",
          "--stage",
          "--kind",
          "--attempt",
          "--resolved",
          "--environment",
          "--image",
          "--family",
          "--seed",
          "--with",
          "--workspace",
          "--store");
  private static final Pattern INPUT_NAME =
      Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?");
  private static final Pattern OUTPUT_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*");

  /**
   * One element of {@code --inputs}.
   *
   * @param source where it comes from
   * @param path inside the producer's manifest; empty for all of it
   */
  public record Input(String name, boolean optional, Source source, String path) {

    /** Whether it is one of several that one name gathers, each of which may be missing. */
    public boolean fanIn() {
      return name.indexOf('/') >= 0;
    }

    /** The folder that a fan-in lands in. */
    public String group() {
      return name.substring(0, name.indexOf('/'));
    }
  }

  /** What the producer of an input left. */
  public sealed interface Source {
    record Produced(Digest manifest) implements Source {}

    /** It was allowed to fail, and did. */
    record Failed(int exitCode) implements Source {}
  }

  /** The grammar of a command that takes ARGS and some scalars of its own. */
  public static Arguments.Grammar grammar(Set<String> own, Set<String> optional) {
    Set<String> scalars = new TreeSet<>(SCALARS);
    scalars.addAll(own);
    Set<String> may = new TreeSet<>(optional);
    may.add("--untrusted");
    may.add("--predict");
    may.add("--worker");
    may.add("--workers");
    return new Arguments.Grammar(scalars, may, Set.of("--inputs", "--outputs", "--workers"), true);
  }

  public static TaskArguments of(Arguments arguments) {
    if (!(arguments.as("--with", Json::parse) instanceof ObjectNode with)) {
      throw Arguments.wrong("--with is not a JSON object");
    }
    List<TableUse> tables = arguments.as("--with", w -> TableUse.of(with));
    Optional<OwnEvaluation> evaluation = arguments.as("--with", w -> OwnEvaluation.of(with));
    boolean ownModels = with.path(OwnEvaluation.MODELS).asBoolean();
    with.remove(List.of(TableUse.KEY, OwnEvaluation.KEY, OwnEvaluation.MODELS));
    List<Input> inputs =
        arguments.list("--inputs").stream()
            .map(TaskArguments::input)
            .sorted(Comparator.comparing(Input::name))
            .toList();
    Set<String> names = new HashSet<>();
    for (Input i : inputs) {
      if (!names.add(i.name())) {
        throw Arguments.wrong("the input " + i.name() + " is given twice");
      }
    }
    for (Input i : inputs) {
      if (i.fanIn() && names.contains(i.group())) {
        throw Arguments.wrong("the inputs " + i.group() + " and " + i.name() + " clash");
      }
    }
    List<String> outputs = arguments.list("--outputs").stream().sorted().distinct().toList();
    outputs.stream()
        .filter(o -> !OUTPUT_NAME.matcher(o).matches())
        .forEach(o -> {
          throw Arguments.wrong("not a name of an output: " + o);
        });
    return new TaskArguments(
        arguments.as("--run", RunId::new),
        arguments.as("--stage", StageName::new),
        arguments.as("--kind", TaskArguments::kind),
        arguments.as("--attempt", CommonOptions::attempt),
        arguments.digest("--resolved"),
        arguments.nonEmpty("--environment").map(e -> arguments.as("--environment", Digest::parse)),
        arguments.text("--image"),
        arguments.nonEmpty("--family"),
        arguments.nonEmpty("--predict").map(p -> arguments.as("--predict", Json::parse)),
        arguments.list("--workers"),
        arguments.nonEmpty("--worker"),
        arguments.number("--seed"),
        with,
        tables,
        evaluation,
        ownModels,
        arguments.path("--workspace"),
        arguments.path("--store"),
        CommonOptions.untrusted(arguments),
        inputs,
        outputs,
        CommandWords.read(arguments.command()));
  }

  private static Plan.Kind kind(String text) {
    if (!text.equals(text.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("not in lower case: " + text);
    }
    Plan.Kind kind = Plan.Kind.valueOf(text.toUpperCase(Locale.ROOT));
    if (!kind.has(Plan.Trait.STAGED)) {
      throw new IllegalArgumentException(text + " is not a kind that is fetched and stored");
    }
    return kind;
  }

  private static Input input(String element) {
    boolean optional = element.startsWith("?");
    String rest = optional ? element.substring(1) : element;
    int equals = rest.indexOf('=');
    int hash = rest.indexOf('#', Math.max(equals, 0));
    if (equals < 0 || hash < 0) {
      throw Arguments.wrong("an input is NAME=DIGEST#PATH, not " + element);
    }
    String name = rest.substring(0, equals);
    if (!INPUT_NAME.matcher(name).matches()) {
      throw Arguments.wrong("not a name of an input: " + name);
    }
    String from = rest.substring(equals + 1, hash);
    try {
      Source source =
          from.startsWith("failed:")
              ? new Source.Failed(Integer.parseInt(from.substring("failed:".length())))
              : new Source.Produced(Digest.parse(from));
      return new Input(name, optional, source, rest.substring(hash + 1));
    } catch (IllegalArgumentException e) {
      throw Arguments.wrong(
          "the input " + name + " comes from neither a digest nor a failure: " + from);
    }
  }
}
