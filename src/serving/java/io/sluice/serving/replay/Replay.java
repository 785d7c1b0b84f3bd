package io.sluice.serving.replay;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.VersionBundle;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.Tensors;
import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.inference.Predictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A prediction that was computed again, by the files of the version that made it, from the input
 * that the ledger kept. Answers agree within the tolerance of the bundle's own probe: a model may
 * give other last bits in a batch of another size.
 *
 * @param tolerance a difference up to {@code tolerance * max(1, |answered|)} is none
 * @param numbers how many were compared
 * @param worst where the difference is largest in terms of the tolerance; empty when every number
 *     is the same to the bit
 */
public record Replay(
    Prediction prediction, double tolerance, long numbers, Optional<Difference> worst) {

  /**
   * A number that came out otherwise.
   *
   * @param table of the answer
   * @param row counts from 1
   * @param column counts from 1
   * @param tolerated whether the tolerance covers it
   */
  public record Difference(
      String table, int row, int column, double answered, double again, boolean tolerated) {}

  public boolean agrees() {
    return worst.isEmpty() || worst.get().tolerated();
  }

  /** What came of it, in a sentence. */
  public String sentence() {
    String many = numbers == 1 ? "the one number" : "all " + numbers + " numbers";
    if (worst.isEmpty()) {
      return "AGREES: " + many + " to the bit";
    }
    Difference d = worst.get();
    String where =
        "%s, row %d, column %d: answered %s, now %s"
            .formatted(d.table(), d.row(), d.column(), d.answered(), d.again());
    return d.tolerated()
        ? "AGREES: %s within the tolerance %s of the version's probe; furthest apart is %s"
            .formatted(many, tolerance, where)
        : "DIFFERS beyond the tolerance %s of the version's probe: %s".formatted(tolerance, where);
  }

  public ObjectNode json() {
    ObjectNode root =
        Json.object()
            .put("id", prediction.id().toString())
            .put("model", prediction.version().model())
            .put("version", prediction.version().version())
            .put("bundle", prediction.version().bundle().toString())
            .put("agrees", agrees())
            .put("tolerance", tolerance)
            .put("numbers", numbers);
    worst.ifPresent(d ->
        root.putObject("worst")
            .put("table", d.table())
            .put("row", d.row())
            .put("column", d.column())
            .put("answered", d.answered())
            .put("again", d.again())
            .put("tolerated", d.tolerated()));
    return root;
  }

  /**
   * Computes a prediction again.
   *
   * @throws SluiceException SLU-9508 when the ledger has not kept the input, SLU-9509 when the
   *     registry has not the files any more that made it
   */
  public static Replay of(Prediction prediction, ModelRegistry registry) throws IOException {
    Tensors input =
        prediction
            .input()
            .orElseThrow(() ->
                wrong(
                    "SLU-9508",
                    "the ledger kept the digest alone of the input of prediction "
                        + prediction.id(),
                    "a service that keeps inputs (`--inputs all`) can compute them again"));
    Path folder = Files.createTempDirectory("sluice-replay-");
    try {
      fetch(prediction, registry, folder);
      try (Predictor predictor = Predictor.load(folder)) {
        return compare(prediction, predictor.predict(input.tables()), predictor.tolerance());
      }
    } finally {
      delete(folder);
    }
  }

  private static void fetch(Prediction prediction, ModelRegistry registry, Path folder)
      throws IOException {
    String model = prediction.version().model();
    int number = prediction.version().version();
    ModelRegistry.Version version =
        registry
            .version(model, number)
            .orElseThrow(() ->
                wrong(
                    "SLU-9509",
                    "the registry has no version " + number + " of " + model + " any more",
                    "restore it from a copy of the registry"));
    VersionBundle bundle =
        VersionBundle.read(
            registry,
            version,
            path -> {
              Path file = folder.resolve(path).normalize();
              if (!file.startsWith(folder)) {
                throw new IOException("the registry names a file outside of the bundle: " + path);
              }
              Files.createDirectories(file.getParent());
              return Files.newOutputStream(file);
            });
    if (!bundle.digest().equals(prediction.version().bundle())) {
      throw wrong(
          "SLU-9509",
          "version %d of %s has other files now (%s) than those that made the prediction (%s)"
              .formatted(number, model, bundle.digest(), prediction.version().bundle()),
          "somebody replaced them in the registry; restore them from a copy");
    }
  }

  static Replay compare(Prediction prediction, List<Tensor> again, double tolerance) {
    List<Tensor> answered = prediction.output().tables();
    long numbers = 0;
    Optional<Difference> worst = Optional.empty();
    double furthest = 0;
    if (again.size() != answered.size()) {
      throw otherForm(prediction);
    }
    for (int t = 0; t < answered.size(); t++) {
      Tensor before = answered.get(t);
      Tensor now = again.get(t);
      if (!before.name().equals(now.name())
          || before.rows() != now.rows()
          || before.width() != now.width()) {
        throw otherForm(prediction);
      }
      double[] left = numbers(before).orElseThrow(() -> otherForm(prediction));
      double[] right = numbers(now).orElseThrow(() -> otherForm(prediction));
      numbers += left.length;
      for (int i = 0; i < left.length; i++) {
        if (same(before, now, i) && Double.compare(left[i], right[i]) == 0) {
          continue;
        }
        boolean exact = before instanceof Tensor.Longs || now instanceof Tensor.Longs;
        double far = exact ? Double.POSITIVE_INFINITY : far(left[i], right[i], tolerance);
        boolean tolerated = far <= 1;
        if (worst.isEmpty() || far > furthest) {
          furthest = far;
          worst =
              Optional.of(
                  new Difference(
                      before.name(),
                      i / before.width() + 1,
                      i % before.width() + 1,
                      left[i],
                      right[i],
                      tolerated));
        }
      }
    }
    return new Replay(prediction, tolerance, numbers, worst);
  }

  /** Whole numbers are counts or days, of which a {@code double} does not have every bit. */
  private static boolean same(Tensor before, Tensor now, int i) {
    return !(before instanceof Tensor.Longs one && now instanceof Tensor.Longs other)
        || one.values()[i] == other.values()[i];
  }

  /**
   * How far two numbers are apart, in terms of what the probe tolerates: more than 1 is a
   * difference. Never NaN, so that no number hides another; what is not finite is as far from
   * everything else as can be.
   */
  static double far(double answered, double now, double tolerance) {
    if (!Double.isFinite(answered) || !Double.isFinite(now)) {
      return Double.POSITIVE_INFINITY;
    }
    double apart = Math.abs(answered - now);
    double allowed = tolerance * Math.max(1, Math.abs(answered));
    if (apart <= allowed) {
      // 0 of 0 is 0: two zeros of different signs
      return apart == 0 ? 0 : Math.min(1, apart / allowed);
    }
    return Math.max(Math.nextUp(1.0), apart / allowed);
  }

  private static Optional<double[]> numbers(Tensor table) {
    return switch (table) {
      case Tensor.Floats t -> {
        double[] values = new double[t.values().length];
        for (int i = 0; i < values.length; i++) {
          values[i] = t.values()[i];
        }
        yield Optional.of(values);
      }
      case Tensor.Doubles t -> Optional.of(t.values());
      case Tensor.Longs t -> {
        double[] values = new double[t.values().length];
        for (int i = 0; i < values.length; i++) {
          values[i] = t.values()[i];
        }
        yield Optional.of(values);
      }
      case Tensor.Flags t -> Optional.empty();
      case Tensor.Texts t -> Optional.empty();
    };
  }

  private static SluiceException otherForm(Prediction prediction) {
    return wrong(
        "SLU-9509",
        "the version's files answer in another form than prediction " + prediction.id() + " has",
        "was it made by another version of Sluice? Use that one");
  }

  private static SluiceException wrong(String id, String what, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, what, hint));
  }

  private static void delete(Path folder) throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(folder)) {
      walk.sorted(Comparator.reverseOrder()).forEach(all::add);
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }
}
