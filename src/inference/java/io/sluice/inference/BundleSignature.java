package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * What a bundle says it eats and gives ({@code signature.json}, schema {@code
 * bundle-signature.schema.json}), by its kind.
 */
public sealed interface BundleSignature permits ForecastSignature, TabularSignature {
  String API_VERSION = "sluice.io/bundle/v1";

  /** That made it. */
  String family();

  /** When the newest label that the model was fitted on became known. */
  Optional<Instant> newestLabel();

  /**
   * Reads {@code signature.json} of a bundle.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6001 when it is not there, SLU-6002 when it is
   *     no signature
   */
  static BundleSignature read(Path folder, String name) {
    try {
      return parse(BundleFiles.json(folder, name, "signature.json"));
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "SLU-6002",
          "bundle `%s`: %s".formatted(name, e.getMessage()),
          "write signature.json as bundle-signature.schema.json has it",
          e);
    }
  }

  /**
   * Reads the content of {@code signature.json}.
   *
   * @throws IllegalArgumentException when it is not such a signature; the message says where
   */
  static BundleSignature parse(JsonNode json) {
    String kind = new Fields("the signature", json).text("kind");
    return switch (kind) {
      case TabularSignature.KIND -> TabularSignature.parse(json);
      case ForecastSignature.KIND -> ForecastSignature.parse(json);
      default ->
          throw new IllegalArgumentException(
              "`kind` of the signature is %s, neither `%s` nor `%s`"
                  .formatted(Refusal.quoted(kind), ForecastSignature.KIND, TabularSignature.KIND));
    };
  }
}
