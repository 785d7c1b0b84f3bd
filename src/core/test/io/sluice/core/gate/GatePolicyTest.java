package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.check.Fixtures;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.json.Json;
import io.sluice.core.spec.Parsed;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.SpecParser;
import io.sluice.core.spec.SpecSchema;
import java.lang.reflect.Modifier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Specs, their schema and the gate take settings and metrics from one declaration. */
class GatePolicyTest {

  static Stream<GateSetting<?>> settings() {
    return GatePolicy.SETTINGS.stream();
  }

  static Stream<String> metrics() {
    return Stream.concat(
        Metric.Loss.examples().stream(),
        Stream.of(
            "tweedie_deviance(1)",
            "tweedie_deviance(1.000000001)",
            "tweedie_deviance(2.5)",
            "tweedie_deviance(3)",
            "pinball(0.000000001)"));
  }

  @Test
  void everyConstantIsASetting() {
    long constants =
        Stream.of(GatePolicy.class.getFields())
            .filter(f -> Modifier.isStatic(f.getModifiers()) && f.getType() == GateSetting.class)
            .count();

    assertThat(GatePolicy.SETTINGS).hasSize((int) constants).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("settings")
  void aSpecKnowsEverySettingAndItsDefault(GateSetting<?> setting) {
    assertThat(spec("metric: mae").gate().policy().find(setting))
        .isEqualTo(GatePolicy.of(new Metric.MeanAbsoluteError()).find(setting));
    if (!setting.required() && setting.usual().isPresent()) {
      assertThat(spec("metric: mae, " + written(setting)).gate().policy())
          .isEqualTo(GatePolicy.of(new Metric.MeanAbsoluteError()));
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void theSchemaKnowsEverySettingAndItsLineOfHelp(GateSetting<?> setting) {
    var gate = SpecSchema.tree().at("/properties/gate/properties");
    var parent = setting.group().map(g -> gate.at("/" + g + "/properties")).orElse(gate);

    assertThat(parent.path(setting.key()).path("description").asText()).isEqualTo(setting.doc());
  }

  @ParameterizedTest
  @MethodSource("settings")
  void thePolicyRefusesAWrongValueOfEverySettingByName(GateSetting<?> setting) {
    String wrong = "{\"%s\": {}}".formatted(setting.key());
    String json = setting.group().map(g -> "{\"%s\": %s}".formatted(g, wrong)).orElse(wrong);

    assertThatThrownBy(() -> GatePolicy.parse(Json.parse(json)))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("gate." + setting.name() + " is {}");
  }

  @ParameterizedTest
  @MethodSource("metrics")
  void aSpecItsSchemaAndTheGateAcceptTheSameMetricsAndKeepTheirSpelling(String name) {
    assertThat(Metric.parse(name).name()).isEqualTo(name);
    assertThat(spec("metric: " + name).gate().policy().get(GatePolicy.METRIC).name())
        .isEqualTo(name);
    assertThat(name).matches(schemaForm());
    assertThat(GatePolicy.parse(Json.object().put("metric", name)).get(GatePolicy.METRIC).name())
        .isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pinball(.9)",
        "pinball(0.90)",
        "pinball(1)",
        "pinball(0)",
        "pinball( 0.9 )",
        "pinball",
        "tweedie_deviance(0.5)",
        "tweedie_deviance(3.1)",
        "tweedie_deviance(1.0)",
        "tweedie_deviance(1.50)",
        "bias",
        "mape",
        "MAE"
      })
  void aSpecItsSchemaAndTheGateRefuseTheSameMetrics(String name) {
    assertThat(parse("metric: \"" + name + "\"").diagnostics().toString())
        .contains("is not a metric");
    assertThat(name).doesNotMatch(schemaForm());
    assertThatThrownBy(() -> GatePolicy.parse(Json.object().put("metric", name)))
        .hasMessageContaining("SLU-8001");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ recall: 0.9 }",
        "{ \"slice(country).f1\": 0.7, logloss: 0.5, auc: 1 }",
        "{ \"slice(country=a (b)).precision(0.25)\": 0, \"tweedie_deviance(1.5)\": 3 }"
      })
  void aSpecItsSchemaAndTheGateAcceptTheSameFloors(String floors) {
    GatePolicy policy = spec("metric: mae, floors: " + floors).gate().policy();

    assertThat(GatePolicy.parse(policy.toJson())).isEqualTo(policy);
    assertThat(policy.get(GatePolicy.FLOORS))
        .isNotEmpty()
        .allSatisfy(floor -> assertThat(floor.name()).matches(floorForm()));
    assertThat(
            spec("metric: mae, floors: "
                    + new SettingForm.Floors().spell(policy.get(GatePolicy.FLOORS)))
                .gate()
                .policy())
        .isEqualTo(policy);
  }

  @ParameterizedTest
  @ValueSource(strings = {"recal", "f1(0)", "slice(a)f1", "slice(=b).f1", "slice(a).", "bias"})
  void aSpecItsSchemaAndTheGateRefuseTheSameFloors(String name) {
    assertThat(parse("metric: mae, floors: { \"" + name + "\": 0.5 }").diagnostics().toString())
        .contains("SLU-1011", "is not a figure that a floor can be about");
    assertThat(name).doesNotMatch(floorForm());
    assertThat(Floor.of(name, 0.5)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ bench.latency_ms: { max: 50 } }",
        "{ bench.latency_ms.p99: { min: -1.5, max: 2e3 }, a.b: { worseBy: 0% } }",
        "{ train.gap: { max: 1, worseBy: 10.5%, worseByAbsolute: 0.25 } }",
        "{ train.gap: { max: 1, min: 0, worseBy: 10%, better: more, ifUnknown: pass } }"
      })
  void aSpecAndTheGateAcceptTheSameLimits(String limits) {
    GatePolicy policy =
        spec("metric: mae, guards: { bias: 10%, results: " + limits + " }").gate().policy();

    assertThat(GatePolicy.parse(policy.toJson())).isEqualTo(policy);
    assertThat(
            spec("metric: mae, guards: { bias: 10%, results: "
                    + new SettingForm.Results().spell(policy.get(GatePolicy.RESULTS))
                    + " }")
                .gate()
                .policy())
        .isEqualTo(policy);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ }",
        "{ \"latency\": { \"max\": 50 } }",
        "{ \"Bench.latency\": { \"max\": 50 } }",
        "{ \"bench.\": { \"max\": 50 } }",
        "{ \"bench.a/b\": { \"max\": 50 } }",
        "{ \"bench.latency\": { } }",
        "{ \"bench.latency\": 50 }",
        "{ \"bench.latency\": { \"max\": \"50\" } }",
        "{ \"bench.latency\": { \"most\": 50 } }",
        "{ \"bench.latency\": { \"max\": 50, \"most\": 50 } }",
        "{ \"bench.latency\": { \"min\": 2, \"max\": 1 } }",
        "{ \"bench.latency\": { \"max\": 50, \"better\": \"less\" } }",
        "{ \"bench.latency\": { \"max\": 50, \"ifUnknown\": \"pass\" } }",
        "{ \"bench.latency\": { \"worseBy\": \"1000%\" } }",
        "{ \"bench.latency\": { \"worseByAbsolute\": -1 } }",
        "{ \"bench.latency\": { \"worseBy\": \"5%\", \"better\": \"faster\" } }",
        "{ \"bench.latency\": { \"min\": 1, \"max\": 2, \"worseBy\": \"5%\" } }"
      })
  void aSpecAndTheGateRefuseTheSameLimits(String limits) {
    assertThat(parse("metric: mae, guards: { results: " + limits + " }").value()).isEmpty();
    assertThatThrownBy(() ->
            GatePolicy.parse(
                Json.parse("{\"metric\": \"mae\", \"guards\": {\"results\": " + limits + "}}")))
        .hasMessageContaining("SLU-8001")
        .hasMessageContaining("gate.guards.results");
  }

  private static String floorForm() {
    return SpecSchema.tree()
        .at("/properties/gate/properties/floors/propertyNames/pattern")
        .asText();
  }

  @Test
  void everyLossIsInTheRegistry() {
    assertThat(Metric.Registry.LOSSES.stream().<Object>map(e -> e.example().getClass()))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(Metric.Loss.class, Metric.RowLoss.class, Linearised.class)
                .flatMap(c -> Stream.of(c.getPermittedSubclasses()))
                .filter(c -> !c.isInterface())
                .toList());
  }

  private static String schemaForm() {
    return SpecSchema.tree().at("/properties/gate/properties/metric/pattern").asText();
  }

  private static <T> String written(GateSetting<T> setting) {
    String value = setting.key() + ": " + setting.form().spell(setting.usual().orElseThrow());
    return setting.group().map(g -> g + ": { " + value + " }").orElse(value);
  }

  private static Spec spec(String gate) {
    Parsed<Spec> parsed = parse(gate);
    return parsed.value().orElseThrow(() -> new AssertionError(parsed.diagnostics().toString()));
  }

  /** The smallest spec with another gate. */
  private static Parsed<Spec> parse(String gate) {
    SourceFile minimal = Fixtures.good("minimal.yaml");
    String text =
        minimal.text().replaceAll("(?m)^gate: .*$", "gate: { rows: evaluate.rows, " + gate + " }");
    assertThat(text).contains(gate);
    return SpecParser.parse(new SourceFile(minimal.name(), text));
  }
}
