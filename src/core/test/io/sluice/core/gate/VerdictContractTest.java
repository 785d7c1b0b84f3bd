package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.sluice.core.json.Json;
import io.sluice.core.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class VerdictContractTest {
  private static final GatePolicy POLICY = GatePolicy.of(new Metric.PoissonDeviance());

  @Test
  void whatTheGateWritesKeepsTheContract() throws IOException {
    Holdouts holdouts = new Holdouts();
    assertThat(errors(Gate.decide(holdouts.build(), POLICY, History.NONE, 3))).isEmpty();

    holdouts.championError = 0.8;
    assertThat(errors(Gate.decide(holdouts.build(), POLICY, History.NONE, 3))).isEmpty();

    holdouts.champion = false;
    holdouts.units = 10;
    assertThat(errors(Gate.decide(holdouts.build(), POLICY, History.NONE, 3))).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(value = Task.class, mode = EnumSource.Mode.EXCLUDE, names = "FORECAST")
  void whatTheGateWritesOfATableKeepsTheContract(Task task) throws IOException {
    Metric.Loss metric = task.scored() ? Metric.Loss.of(task).getFirst() : new Metric.GivenLoss();
    Tables tables = new Tables(task, metric.name());
    Verdict verdict = Gate.decide(tables.build(), GatePolicy.of(metric), History.NONE, 3);

    assertThat(errors(verdict)).isEmpty();
    assertThat(Verdict.read(verdict.toJson())).isEqualTo(verdict);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.999})
  void whatTheGateWritesOfFloorsKeepsTheContract(double bound) throws IOException {
    GatePolicy policy =
        GatePolicy.of(new Metric.LogLoss())
            .with(
                GatePolicy.FLOORS,
                List.of(
                    Floor.of("accuracy", bound).orElseThrow(),
                    Floor.of("slice(country).f1", bound).orElseThrow(),
                    Floor.of("slice(country=XX).f1", bound).orElseThrow()));
    Verdict verdict =
        Gate.decide(new Tables(Task.BINARY, "logloss").build(), policy, History.NONE, 3);

    assertThat(verdict.floors()).hasSize(5);
    assertThat(errors(verdict)).isEmpty();
    assertThat(Verdict.read(verdict.toJson())).isEqualTo(verdict);
  }

  @ParameterizedTest
  @ValueSource(strings = {"40", "60", "fast", "-Infinity"})
  void whatTheGateWritesOfNumbersOfStagesKeepsTheContract(String latency) throws IOException {
    Verdict verdict = ResultGuardTest.decided(latency);

    assertThat(verdict.numbers()).hasSize(4);
    assertThat(errors(verdict)).isEmpty();
    assertThat(Verdict.read(verdict.toJson())).isEqualTo(verdict);
  }

  @ParameterizedTest
  @ValueSource(strings = {"promote", "hold-guard", "hold-floors", "hold-insufficient-first-run"})
  void theSamplesReadAsVerdicts(String name) throws IOException {
    var json = Json.parse(resource("/contracts/samples/verdict/valid/" + name + ".json"));

    assertThat(Json.write(Verdict.parse(json).toJson())).isEqualTo(Json.write(json));
  }

  private static List<Error> errors(Verdict verdict) throws IOException {
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(resource("/contracts/verdict.schema.json"), InputFormat.JSON);
    return schema.validate(Json.write(verdict.toJson()), InputFormat.JSON);
  }

  private static String resource(String path) throws IOException {
    try (var in = VerdictContractTest.class.getResourceAsStream(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
