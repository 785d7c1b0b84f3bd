package io.sluice.app.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.app.Pipelines;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Everything about a run that was decided when it was opened and holds to its end, whichever client
 * continues it.
 *
 * @param specFile name of the spec in the snapshot
 * @param model that it makes a version of
 * @param profile of the spec
 * @param asOf what the data may know
 * @param who in whose name it promotes
 * @param commit of the code
 * @param untrusted whether it writes nothing that trusted runs read
 * @param code digest of the code tree, which is in the store
 * @param target the text of the target that the run goes to; empty on the machine of a client
 */
public record RunDefinition(
    RunId run,
    String specFile,
    String model,
    Optional<String> profile,
    Instant asOf,
    Optional<String> who,
    Optional<String> commit,
    boolean untrusted,
    Digest code,
    String target) {

  /** The definition of a trusted run that a client of a machine or a cluster asks for. */
  static RunDefinition of(
      RunRequest request, Pipelines.Opened pipeline, Instant asOf, Digest code, String targetText) {
    return new RunDefinition(
        request.id(),
        request.specFile(),
        pipeline.spec().model(),
        request.profile(),
        asOf,
        Optional.of(request.who()),
        pipeline.commit(),
        /* untrusted= */ false,
        code,
        targetText);
  }

  /**
   * The target that the run goes to.
   *
   * @throws io.sluice.core.diag.SluiceException exit code 2 when its text is wrong
   */
  public TargetSpec targetSpec() {
    return TargetParser.parse(target);
  }

  /** The same definition, once its code is in the store. */
  public RunDefinition withCode(Digest digest) {
    return new RunDefinition(
        run, specFile, model, profile, asOf, who, commit, untrusted, digest, target);
  }

  /** The same definition, in somebody else's name. */
  RunDefinition by(Optional<String> person) {
    return new RunDefinition(
        run, specFile, model, profile, asOf, person, commit, untrusted, code, target);
  }

  ObjectNode json() {
    ObjectNode o =
        Json.object()
            .put("run", run.value())
            .put("spec", specFile)
            .put("model", model)
            .put("asOf", asOf.toString())
            .put("untrusted", untrusted)
            .put("code", code.toString())
            .put("target", target);
    profile.ifPresent(v -> o.put("profile", v));
    who.ifPresent(v -> o.put("who", v));
    commit.ifPresent(v -> o.put("commit", v));
    return o;
  }

  static RunDefinition parse(JsonNode o) {
    return new RunDefinition(
        new RunId(o.path("run").asText()),
        o.path("spec").asText(),
        o.path("model").asText(),
        text(o, "profile"),
        Instant.parse(o.path("asOf").asText()),
        text(o, "who"),
        text(o, "commit"),
        o.path("untrusted").asBoolean(),
        Digest.parse(o.path("code").asText()),
        o.path("target").asText());
  }

  static Optional<String> text(JsonNode o, String key) {
    return o.path(key).isTextual() ? Optional.of(o.path(key).asText()) : Optional.empty();
  }

  static List<String> texts(JsonNode list) {
    List<String> out = new ArrayList<>();
    list.forEach(e -> out.add(e.asText()));
    return List.copyOf(out);
  }
}
