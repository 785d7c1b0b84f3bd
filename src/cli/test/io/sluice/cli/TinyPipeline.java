package io.sluice.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A pipeline that takes seconds and builds nothing: every command is a line of shell, the model a
 * committed bundle that forecasts {@code (1 + h/10)} times the mean of the last four weeks. Returns
 * grow by 4% a week, which that model sees and a moving average does not: on a first run it is
 * promoted by the gate's defaults.
 */
final class TinyPipeline {
  static final String AS_OF = "2026-03-01";
  private static final LocalDate FIRST_WEEK = LocalDate.parse("2025-01-06");
  private static final int UNITS = 120;
  private static final int HORIZONS = 3;

  private final Path folder;
  private String data = "cp src/weeks \"$SLUICE_OUTPUTS/weeks\"";
  private String train = "cp -r src/model \"$SLUICE_OUTPUTS/model\"";
  private String limits = "";
  private String firstRun = "beatsNaive";
  private String environment = "{ python: \"3.11\" }";

  TinyPipeline(Path folder) throws IOException {
    this.folder = folder;
    Path src = Files.createDirectories(folder.resolve("src"));
    Files.writeString(src.resolve("weeks"), "60\n");
    Path bundle =
        ForkedSluice.root().resolve("src/inference/test/io/sluice/inference/bundles/linear");
    Path model = Files.createDirectories(src.resolve("model"));
    try (Stream<Path> files = Files.list(bundle)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    table(src.resolve("validation"), 30, 34);
    table(src.resolve("holdout"), 40, 45);
    write();
  }

  String path() {
    return folder.toString();
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  /** The command of the data source. */
  TinyPipeline data(String script) throws IOException {
    data = script;
    return write();
  }

  /** The command of the only family. */
  TinyPipeline train(String script) throws IOException {
    train = script;
    return write();
  }

  /** More keys of the data source, for example {@code timeout: 2s}. */
  TinyPipeline limits(String keys) throws IOException {
    limits = keys;
    return write();
  }

  /** The environment gets a lock of these lines. */
  TinyPipeline locked(String lines) throws IOException {
    Files.writeString(folder.resolve("shell.lock"), lines + "\n");
    environment = "{ python: \"3.11\", lock: shell.lock }";
    return write();
  }

  /** Policy of the first run. */
  TinyPipeline firstRun(String policy) throws IOException {
    firstRun = policy;
    return write();
  }

  private TinyPipeline write() throws IOException {
    Files.writeString(
        folder.resolve("sluice.yaml"),
        """
        apiVersion: sluice.io/v1alpha1
        model: tiny
        code: { include: ["src/**"] }
        environments:
          shell: %s
        data:
          weeks:
            environment: shell
            %s
            run: |
        %s
        families:
          linear:
            environment: shell
            run: |
        %s
        stages:
          split:
            environment: shell
            run: cp -r src/validation src/holdout "$SLUICE_OUTPUTS"
            inputs: { weeks: data.weeks }
            outputs: [validation, holdout]
          train:
            uses: train@1
            forEach: families
            inputs: { validation: split.validation }
          evaluate:
            uses: evaluate@1
            inputs:
              candidates: train.model
              champion: champion.train.model
              holdout: split.holdout
              validation: split.validation
            with: { unit: [product, market], slices: [market] }
        gate:
          rows: evaluate.rows
          metric: poisson_deviance
          firstRun: %s
          minNewRows: 0%%
        profiles:
          smoke: { stages: { train: { with: { quick: true } } } }
        """
            .formatted(
                environment,
                limits,
                data.indent(6).stripTrailing(),
                train.indent(6).stripTrailing(),
                firstRun));
    return this;
  }

  private static double returned(int unit, int week) {
    double wobble = 1 + ((unit * 31 + week * 17) % 7 - 3) / 50.0;
    return (5 + unit % 11) * Math.pow(1.04, week) * wobble;
  }

  private static LocalDate week(int number) {
    return FIRST_WEEK.plusWeeks(number);
  }

  /** Rows with origins at the start of weeks {@code first} to {@code last}. */
  private static void table(Path folder, int first, int last) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("panel.json"),
        """
        {"unit":["product","market"],"slices":["market"],"channels":["returned","shipped"],
         "period":"P7D","label":"returned"}
        """);
    StringBuilder rows =
        new StringBuilder("product,market,origin,horizon,targetEnd,knownAt,actual,weight\n");
    StringBuilder panel = new StringBuilder("product,market,eventTime,knownAt,returned,shipped\n");
    for (int u = 0; u < UNITS; u++) {
      String unit = "P-" + u + "," + List.of("EU", "US").get(u % 2);
      for (int w = 0; w < last; w++) {
        panel.append(
            String.format(
                Locale.ROOT, "%s,%s,%s,%s,50\n", unit, week(w), week(w + 1), returned(u, w)));
      }
      for (int o = first; o <= last; o++) {
        for (int h = 1; h <= HORIZONS; h++) {
          rows.append(
              String.format(
                  Locale.ROOT,
                  "%s,%s,%d,%s,%s,%s,1\n",
                  unit,
                  week(o),
                  h,
                  week(o + h),
                  week(o + h),
                  returned(u, o + h - 1)));
        }
      }
    }
    Files.writeString(folder.resolve("rows.csv"), rows);
    Files.writeString(folder.resolve("panel.csv"), panel);
  }
}
