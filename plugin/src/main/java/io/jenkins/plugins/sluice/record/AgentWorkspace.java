package io.jenkins.plugins.sluice.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;

/**
 * Where the stages of a run on an agent keep what they pass to each other.
 *
 * @param agent its name; empty: the built-in node
 * @param folder the workspace, or what the variable {@code SLUICE_STATE} names
 */
public record AgentWorkspace(String agent, String folder) {
  String json() {
    return Json.pretty(Json.object().put("agent", agent).put("folder", folder));
  }

  static AgentWorkspace parse(String text) {
    JsonNode o = Json.parse(text);
    return new AgentWorkspace(o.path("agent").asText(), o.path("folder").asText());
  }

  @Override
  public String toString() {
    return "on " + (agent.isEmpty() ? "the built-in node" : agent) + " in " + folder;
  }
}
