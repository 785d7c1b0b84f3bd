package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import java.util.List;
import java.util.Optional;

/**
 * How a family's models forecast by a command, as its train stage gets it: what the planner writes
 * of {@code predict:} in the spec.
 *
 * @param command argument vector
 * @param environment in which it runs
 */
public record PredictSettings(List<String> command, Environment environment) {

  /**
   * The environment of the command.
   *
   * @param name in the spec
   * @param python version of the interpreter, when there is a lock
   * @param lock path in the code
   */
  public record Environment(String name, Optional<String> python, Optional<String> lock) {}

  public PredictSettings {
    command = List.copyOf(command);
  }

  /**
   * Reads the value of the option {@code --predict}.
   *
   * @throws IllegalArgumentException when the JSON is anything else
   */
  public static PredictSettings parse(JsonNode json) {
    return JsonCodec.read(json, PredictSettings.class);
  }
}
