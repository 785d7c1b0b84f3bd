package io.sluice.app.staged;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Everything about a run that was decided when it was opened and holds to its end, whoever goes on
 * with it.
 *
 * @param specFile name of the spec in the snapshot
 * @param model that it makes a version of
 * @param profile of the spec
 * @param asOf what the data may know
 * @param who in whose name it promotes
 * @param commit of the code
 * @param untrusted whether it writes nothing that trusted runs read
 * @param code digest of the code tree, which is in the store
 * @param target the text of the target that the run goes to
 * @param fingerprint name of the data source whose fingerprint is asked for, instead of a run of
 *     stages; see {@link FingerprintCheck}
 */
public record RunOrder(
    RunId run,
    String specFile,
    String model,
    Optional<String> profile,
    Instant asOf,
    Optional<String> who,
    Optional<String> commit,
    boolean untrusted,
    Digest code,
    String target,
    Optional<String> fingerprint) {

  /** The order of a run of stages. */
  public RunOrder(
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
    this(
        run,
        specFile,
        model,
        profile,
        asOf,
        who,
        commit,
        untrusted,
        code,
        target,
        Optional.empty());
  }

  /** The same order, once its code is in the store. */
  public RunOrder withCode(Digest digest) {
    return new RunOrder(
        run, specFile, model, profile, asOf, who, commit, untrusted, digest, target, fingerprint);
  }

  /** The same order, in somebody else's name. */
  RunOrder by(Optional<String> person) {
    return new RunOrder(
        run, specFile, model, profile, asOf, person, commit, untrusted, code, target, fingerprint);
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
    fingerprint.ifPresent(v -> o.put("fingerprint", v));
    return o;
  }

  static RunOrder parse(JsonNode o) {
    return new RunOrder(
        new RunId(o.path("run").asText()),
        o.path("spec").asText(),
        o.path("model").asText(),
        text(o, "profile"),
        Instant.parse(o.path("asOf").asText()),
        text(o, "who"),
        text(o, "commit"),
        o.path("untrusted").asBoolean(),
        Digest.parse(o.path("code").asText()),
        o.path("target").asText(),
        text(o, "fingerprint"));
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
