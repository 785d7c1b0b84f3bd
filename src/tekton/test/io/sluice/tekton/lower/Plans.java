package io.sluice.tekton.lower;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Plan.Environment;
import io.sluice.core.plan.Plan.Input;
import io.sluice.core.plan.Plan.Kind;
import io.sluice.core.plan.Plan.Resources;
import io.sluice.core.plan.Plan.Stage;
import io.sluice.core.run.StageName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Plans written by hand, small enough to know what they must lower to. */
final class Plans {
  private Plans() {}

  /** Two families, one of which may fail and is a function; a user's command full of dollars. */
  static Plan forecast() {
    Environment tabular =
        new Environment(
            "tabular",
            Optional.of("registry.example/acme/tabular@" + Digest.of("tabular image")),
            Optional.of("3.11"),
            Optional.of("envs/tabular.lock"),
            true,
            Digest.of("tabular"));
    Environment deep =
        new Environment(
            "deep",
            Optional.empty(),
            Optional.of("3.11"),
            Optional.of("envs/deep.lock"),
            true,
            Digest.of("deep"));
    Environment unused =
        new Environment(
            "unused",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false,
            Digest.of("unused"));
    Resources large = new Resources(Optional.of("2"), Optional.of("12Gi"), Optional.of("1"));
    return new Plan(
        "rma-forecast",
        List.of("rma/**"),
        List.of(deep, tabular, unused),
        List.of(
            worker("resolve", Kind.RESOLVE, List.of(), List.of(), "{}"),
            user(
                "data-returns",
                Kind.DATA,
                "",
                "tabular",
                List.of(
                    "/bin/sh",
                    "-eu",
                    "-c",
                    "echo \"$(date)\" '$$' $HOME > $SLUICE_OUTPUTS/returns"),
                List.of(),
                List.of("returns"),
                "{\"currency\":\"$\"}",
                false,
                Resources.NONE),
            user(
                "preprocess",
                Kind.STAGE,
                "",
                "tabular",
                List.of("python", "-m", "rma.preprocess"),
                List.of(input("returns", "data-returns", "returns")),
                List.of("holdout", "train"),
                "{}",
                false,
                Resources.NONE),
            driftStage(),
            user(
                "tune-itransformer",
                Kind.TUNE,
                "itransformer",
                "deep",
                List.of("python", "-m", "sluice_ml.family", "rma.deep:fit"),
                List.of(
                    new Input("search", new StageName("resolve"), "search.json", true),
                    new Input(
                        "study",
                        new StageName("resolve"),
                        "champion/studies/itransformer/study.json",
                        true),
                    input("train", "preprocess", "train")),
                List.of("best", "study"),
                "{\"trials\":5}",
                true,
                large),
            user(
                "tune-xgboost",
                Kind.TUNE,
                "xgboost",
                "tabular",
                List.of("python", "-m", "rma.train_xgboost"),
                List.of(input("train", "preprocess", "train")),
                List.of("best", "study"),
                "{\"parallel\":3,\"trials\":40}",
                false,
                Resources.NONE),
            user(
                "train-itransformer",
                Kind.TRAIN,
                "itransformer",
                "deep",
                List.of("python", "-m", "sluice_ml.family", "rma.deep:fit"),
                List.of(input("params", "tune-itransformer", "best")),
                List.of("model"),
                "{}",
                true,
                large),
            user(
                "train-xgboost",
                Kind.TRAIN,
                "xgboost",
                "tabular",
                List.of("python", "-m", "rma.train_xgboost"),
                List.of(input("params", "tune-xgboost", "best")),
                List.of("model"),
                "{}",
                false,
                Resources.NONE),
            user(
                "predict-itransformer",
                Kind.PREDICT,
                "itransformer",
                "deep",
                List.of("python", "-m", "rma.forecast", "$(it)"),
                List.of(
                    input("holdout", "preprocess", "holdout"),
                    input("model", "train-itransformer", "model")),
                List.of("predictions"),
                "{}",
                true,
                large),
            worker(
                "predict-champion",
                Kind.PREDICT,
                List.of(
                    input("holdout", "preprocess", "holdout"),
                    new Input("model", new StageName("resolve"), "champion/model", true)),
                List.of("predictions"),
                "{}"),
            worker(
                "evaluate",
                Kind.EVALUATE,
                List.of(
                    input("candidates/itransformer", "train-itransformer", "model"),
                    input("candidates/xgboost", "train-xgboost", "model"),
                    new Input("champion", new StageName("resolve"), "champion/model", true),
                    new Input(
                        "champion-predictions",
                        new StageName("predict-champion"),
                        "predictions",
                        true),
                    input("holdout", "preprocess", "holdout"),
                    new Input(
                        "predictions/itransformer",
                        new StageName("predict-itransformer"),
                        "predictions",
                        true)),
                List.of("rows"),
                "{\"metric\":\"poisson_deviance\"}"),
            worker(
                "gate",
                Kind.GATE,
                List.of(
                    new Input("drift", new StageName("drift"), "drift", true),
                    input("rows", "evaluate", "rows")),
                List.of("verdict"),
                "{\"confidence\":0.95}"),
            worker(
                "register",
                Kind.REGISTER,
                List.of(
                    input("candidates/xgboost", "train-xgboost", "model"),
                    input("rows", "evaluate", "rows"),
                    input("verdict", "gate", "verdict")),
                List.of("registered"),
                "{}"),
            worker(
                "promote",
                Kind.PROMOTE,
                List.of(
                    input("registered", "register", "registered"),
                    input("verdict", "gate", "verdict")),
                List.of(),
                "{}")),
        7,
        Json.parse("{\"confidence\":0.95}"),
        Duration.ofHours(24));
  }

  static Plan with(Plan plan, Stage changed) {
    return new Plan(
        plan.model(),
        plan.codeIncludes(),
        plan.environments(),
        plan.stages().stream().map(s -> s.name().equals(changed.name()) ? changed : s).toList(),
        plan.seed(),
        plan.gate(),
        plan.pipelineTimeout());
  }

  private static Stage driftStage() {
    return stage(
        "drift",
        Kind.DRIFT,
        "",
        Optional.empty(),
        List.of(),
        List.of(
            new Input("champion", new StageName("resolve"), "champion/lineage.json", true),
            input("current", "preprocess", "holdout"),
            new Input(
                "reference",
                new StageName("resolve"),
                "champion/snapshots/preprocess/train",
                true)),
        List.of("drift", "report"),
        "{\"method\":\"psi\"}",
        true,
        Resources.NONE);
  }

  private static Input input(String name, String from, String artifact) {
    return new Input(name, new StageName(from), artifact, false);
  }

  private static Stage worker(
      String name, Kind kind, List<Input> inputs, List<String> outputs, String with) {
    return stage(
        name, kind, "", Optional.empty(), List.of(), inputs, outputs, with, false, Resources.NONE);
  }

  private static Stage user(
      String name,
      Kind kind,
      String family,
      String environment,
      List<String> command,
      List<Input> inputs,
      List<String> outputs,
      String with,
      boolean mayFail,
      Resources resources) {
    return stage(
        name,
        kind,
        family,
        Optional.of(environment),
        command,
        inputs,
        outputs,
        with,
        mayFail,
        resources);
  }

  private static Stage stage(
      String name,
      Kind kind,
      String family,
      Optional<String> environment,
      List<String> command,
      List<Input> inputs,
      List<String> outputs,
      String with,
      boolean mayFail,
      Resources resources) {
    JsonNode values = Json.parse(with);
    return new Stage(
        new StageName(name),
        name.replaceAll("^data-|-(xgboost|itransformer)$", ""),
        kind,
        Optional.of(family).filter(f -> !f.isEmpty()),
        environment,
        command,
        inputs,
        outputs,
        values,
        Duration.ofMinutes(90),
        0,
        resources,
        mayFail);
  }
}
