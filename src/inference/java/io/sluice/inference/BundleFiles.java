package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Opens the files of a bundle's folder: none is a link, none is larger than its limit. */
final class BundleFiles {
  private static final long MAX_JSON_BYTES = 32L << 20;
  static final long MAX_MODEL_BYTES = 1L << 30;

  private BundleFiles() {}

  static JsonNode json(Path folder, String name, String file) {
    Path path = regular(folder, name, file, MAX_JSON_BYTES);
    try {
      return Json.parse(Files.readAllBytes(path));
    } catch (IOException e) {
      throw unreadable(name, file, e);
    }
  }

  /** The hyperparameters of the fit. */
  static JsonNode params(Path folder, String name) {
    try {
      return json(folder, name, "params.json");
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "SLU-6001",
          "bundle `%s`: params.json is not JSON: %s".formatted(name, e.getMessage()),
          "write the hyperparameters of the fit as one JSON object",
          e);
    }
  }

  /** A probe that does not go with its signature. */
  static SluiceException badProbe(String name, IllegalArgumentException e) {
    return Refusal.of(
        "SLU-6006",
        "bundle `%s`: %s".formatted(name, e.getMessage()),
        "write probe.json when the model is exported, with at least %d rows that fit the signature"
            .formatted(Probe.MIN_ROWS),
        e);
  }

  static Path regular(Path folder, String name, String file, long maxBytes) {
    Path path = folder.resolve(file);
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6001",
          "bundle `%s` has no file %s".formatted(name, file),
          "a bundle is a folder with model.onnx and signature.json; train@1 adds MLmodel,"
              + " params.json and probe.json where they are not there");
    }
    try {
      long size = Files.size(path);
      if (size > maxBytes) {
        throw Refusal.of(
            "SLU-6001",
            "bundle `%s`: %s has %d bytes, the limit is %d".formatted(name, file, size, maxBytes),
            "a smaller model, or a shorter probe");
      }
    } catch (IOException e) {
      throw unreadable(name, file, e);
    }
    return path;
  }

  static SluiceException unreadable(String name, String file, IOException e) {
    return Refusal.of(
        "SLU-6001",
        "bundle `%s`: %s cannot be read: %s".formatted(name, file, e.getMessage()),
        "check the file and its permissions",
        e);
  }
}
