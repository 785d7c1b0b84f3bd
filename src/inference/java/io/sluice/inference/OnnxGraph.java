package io.sluice.inference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A bundle's {@code model.onnx}, loaded so that it reads no file but its own and answers equal
 * inputs by equal bits: one compute thread, since a sum in another order gives other bits.
 *
 * @param name what messages call the bundle
 */
record OnnxGraph(String name, OrtEnvironment environment, OrtSession session)
    implements AutoCloseable {
  /** What a location of external data may look like: ONNX Runtime gives others a meaning. */
  private static final Pattern PLAIN_LOCATION = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._/-]*");

  /**
   * Loads.
   *
   * @throws SluiceException SLU-6001, SLU-6003 and SLU-6004: which file is wrong, and how
   */
  static OnnxGraph load(Path folder, String name) {
    Path model = BundleFiles.regular(folder, name, "model.onnx", BundleFiles.MAX_MODEL_BYTES);
    refuseForeignData(folder, name, model);
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "sluice");
    return new OnnxGraph(name, environment, open(environment, name, model));
  }

  Map<String, NodeInfo> inputs() {
    try {
      return session.getInputInfo();
    } catch (OrtException e) {
      throw untold(e);
    }
  }

  Map<String, NodeInfo> outputs() {
    try {
      return session.getOutputInfo();
    } catch (OrtException e) {
      throw untold(e);
    }
  }

  private SluiceException untold(OrtException e) {
    return Refusal.of(
        "SLU-6003",
        "bundle `%s`: ONNX Runtime cannot tell inputs and outputs: %s".formatted(name, reason(e)),
        "export the model again",
        e);
  }

  /** One output for some inputs; the caller closes what it gets. */
  OrtSession.Result run(Map<String, ? extends OnnxTensorLike> inputs, String output)
      throws OrtException {
    return session.run(inputs, Set.of(output));
  }

  /** The model failed while it predicted. */
  SluiceException failed(OrtException e) {
    return Refusal.of(
        "SLU-6008",
        "bundle `%s`: the model failed: %s".formatted(name, reason(e)),
        "load the bundle where it was made and predict with it",
        e);
  }

  /** Signature and graph contradict each other. */
  SluiceException mismatch(String how) {
    return Refusal.of(
        "SLU-6005",
        "bundle `%s`: signature.json and model.onnx disagree: %s".formatted(name, how),
        "write the signature from the graph that is exported");
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime could not close a session", e);
    }
  }

  /** A model file may name others to be mapped into memory: only files of its own bundle may be. */
  private static void refuseForeignData(Path folder, String name, Path model) {
    Set<String> locations;
    try {
      locations = OnnxFile.externalData(model);
    } catch (IOException e) {
      throw Refusal.of(
          "SLU-6003",
          "bundle `%s`: model.onnx is cut off or no ONNX model: %s".formatted(name, e.getMessage()),
          "export the model again",
          e);
    }
    long total = 0;
    for (String location : locations) {
      try {
        Path file = folder.resolve(location);
        if (!PLAIN_LOCATION.matcher(location).matches()
            || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            || !file.toRealPath().startsWith(folder.toRealPath())) {
          throw Refusal.of(
              "SLU-6004",
              "bundle `%s`: model.onnx wants its data from %s, which is not a file of the bundle"
                  .formatted(name, Refusal.quoted(location)),
              "save the tensors inside model.onnx, or in a file beside it");
        }
        total += Files.size(file);
      } catch (IOException e) {
        throw BundleFiles.unreadable(name, location, e);
      }
    }
    if (total > BundleFiles.MAX_MODEL_BYTES) {
      throw Refusal.of(
          "SLU-6001",
          "bundle `%s`: %d bytes of external data, the limit is %d"
              .formatted(name, total, BundleFiles.MAX_MODEL_BYTES),
          "a smaller model");
    }
  }

  private static OrtSession open(OrtEnvironment environment, String name, Path model) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setDeterministicCompute(true);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return environment.createSession(model.toString(), options);
    } catch (OrtException e) {
      throw Refusal.of(
          "SLU-6003",
          "bundle `%s`: ONNX Runtime does not load model.onnx: %s".formatted(name, reason(e)),
          "export with standard operators and an opset that ONNX Runtime %s knows"
              .formatted(environment.getVersion()),
          e);
    }
  }

  private static String reason(OrtException e) {
    return Brief.line(String.valueOf(e.getMessage()), 300);
  }
}
