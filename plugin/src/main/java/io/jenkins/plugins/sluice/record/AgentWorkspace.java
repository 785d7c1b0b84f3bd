package io.jenkins.plugins.sluice.record;

import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Where the stages of a run on an agent keep what they pass to each other.
 *
 * @param agent its name; empty: the built-in node
 * @param folder the workspace, or what the variable {@code SLUICE_STATE} names
 */
@Restricted(NoExternalUse.class)
public record AgentWorkspace(String agent, String folder) {
  String json() {
    return Json.pretty(JsonCodec.write(this));
  }

  static AgentWorkspace parse(String text) {
    return JsonCodec.read(Json.parse(text), AgentWorkspace.class);
  }

  @Override
  public String toString() {
    return "on " + (agent.isEmpty() ? "the built-in node" : agent) + " in " + folder;
  }
}
