package io.sluice.app.run;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.sluice.app.Pipelines;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import java.time.Instant;
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
@JsonPropertyOrder({"run", "spec", "model", "asOf", "untrusted", "code", "target"})
// earlier versions wrote the source of a check for new data there
@JsonIgnoreProperties("fingerprint")
public record RunDefinition(
    RunId run,
    @JsonProperty("spec") String specFile,
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
}
