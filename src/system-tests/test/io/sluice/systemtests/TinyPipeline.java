package io.sluice.systemtests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
  private String more = "";
  private String families = "";
  private String tune = "";
  private String trainLimits = "";
  private String drift = "";
  private String model = "tiny";
  private String stages = "";
  private String split = "cp -r src/validation src/holdout \"$SLUICE_OUTPUTS\"";
  private String splitMore = "";
  private String outputs = "validation, holdout";
  private String trainMore = "";
  private String evaluateMore = "";

  TinyPipeline(Path folder) throws IOException {
    this.folder = folder;
    Path src = Files.createDirectories(folder.resolve("src"));
    Files.writeString(src.resolve("weeks"), "60\n");
    bundle("linear", "model", "linear");
    tables(30, 1);
    write();
  }

  /** A bundle of the tests of inference, as one of this family, in {@code src/<name>}. */
  TinyPipeline bundle(String kind, String name, String family) throws IOException {
    Path bundles = ForkedSluice.root().resolve("src/inference/test/io/sluice/inference/bundles");
    Path model = Files.createDirectories(folder.resolve("src").resolve(name));
    try (Stream<Path> files = Files.list(bundles.resolve(kind))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Path signature = model.resolve("signature.json");
    Files.writeString(
        signature,
        Files.readString(signature)
            .replace("\"family\": \"" + kind + "\"", "\"family\": \"" + family + "\""));
    return this;
  }

  /**
   * Validation from origins at this week on, the holdout ten weeks later.
   *
   * @param scale of the actuals, which the panel does not show
   */
  TinyPipeline tables(int from, double scale) throws IOException {
    Path src = folder.resolve("src");
    table(src.resolve("validation"), from, from + 4, scale, 0);
    table(src.resolve("holdout"), from + 10, from + 15, scale, 0);
    return this;
  }

  /** Several families, as keys of {@code families}; more environments; values of a tune stage. */
  TinyPipeline families(String yaml, String environments, String tuneWith, String limits)
      throws IOException {
    families = yaml;
    more = environments;
    trainLimits = limits;
    tune =
        tuneWith.isEmpty()
            ? ""
            : """
            tune:
              uses: tune@1
              forEach: families
              inputs: { validation: split.validation }
              with: %s
            """
                .formatted(tuneWith);
    return write();
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

  /** Another name than {@code tiny} for the model. */
  TinyPipeline model(String name) throws IOException {
    model = name;
    return write();
  }

  /** Stages of its own besides those that it has, as keys of {@code stages}. */
  TinyPipeline stages(String yaml) throws IOException {
    stages = yaml;
    return write();
  }

  /** The command of the stage {@code split}, and more keys of it. */
  TinyPipeline split(String script, String keys) throws IOException {
    split = script;
    splitMore = keys;
    return write();
  }

  /**
   * A pipeline whose audit for leaks is whole: the data source gives the log that the tables are
   * cut from, {@code src/weeks.csv}, with labels; the model is trained on {@code src/train}.
   *
   * @param evaluateWith more keys of evaluate's {@code with}
   */
  TinyPipeline audited(String evaluateWith) throws IOException {
    Path src = folder.resolve("src");
    table(src.resolve("train"), 20, 25, 1, 1);
    table(src.resolve("validation"), 30, 34, 1, 1);
    table(src.resolve("holdout"), 40, 45, 1, 1);
    StringBuilder log = new StringBuilder("product,market,week,reported,returned,shipped\n");
    for (int u = 0; u < UNITS; u++) {
      for (int w = 0; w < 55; w++) {
        log.append(
            String.format(
                Locale.ROOT,
                "P-%d,%s,%s,%s,%s,50\n",
                u,
                List.of("EU", "US").get(u % 2),
                week(w),
                week(w + 1),
                returned(u, w)));
      }
    }
    Files.writeString(src.resolve("weeks.csv"), log);
    Path signature = src.resolve("model/signature.json");
    Files.writeString(
        signature,
        Files.readString(signature).replaceFirst("(\"newestLabel\": ?\")[^\"]*", "$1" + week(29)));
    data = "cp src/weeks.csv \"$SLUICE_OUTPUTS/weeks\"";
    limits = "labels: { column: returned, eventTime: week, knownAt: reported, matureAfter: 7d }";
    split = "cp -r src/train src/validation src/holdout \"$SLUICE_OUTPUTS\"";
    outputs = "train, validation, holdout";
    trainMore = ", train: split.train";
    evaluateMore = evaluateWith;
    return write();
  }

  /** A stage that compares today's holdout with the champion's. */
  TinyPipeline drift() throws IOException {
    drift =
        """
        drift:
          uses: drift@1
          inputs: { reference: champion.split.holdout, current: split.holdout }
        """;
    return write();
  }

  private TinyPipeline write() throws IOException {
    Files.writeString(
        folder.resolve("sluice.yaml"),
        """
        apiVersion: sluice.io/v1alpha1
        model: %s
        code: { include: ["src/**"] }
        environments:
          shell: %s
        %s
        data:
          weeks:
            environment: shell
            %s
            run: |
        %s
        families:
        %s
        stages:
        %s
          split:
            environment: shell
            run: |
        %s
            inputs: { weeks: data.weeks }
            outputs: [%s]
            %s
          train:
            uses: train@1
            forEach: families
            inputs: { validation: split.validation%s%s }
            %s
          evaluate:
            uses: evaluate@1
            inputs:
              candidates: train.model
              champion: champion.train.model
              holdout: split.holdout
              validation: split.validation
            with: { unit: [product, market], slices: [market]%s }
        gate:
          rows: evaluate.rows
          metric: poisson_deviance
          firstRun: %s
          minNewRows: 0%%
        profiles:
          smoke: { stages: { train: { with: { quick: true } } } }
        """
            .formatted(
                model,
                environment,
                more.indent(2).stripTrailing(),
                limits,
                data.indent(6).stripTrailing(),
                (families.isEmpty() ? onlyFamily() : families).indent(2).stripTrailing(),
                (drift + tune + stages).indent(2).stripTrailing(),
                split.indent(6).stripTrailing(),
                outputs,
                splitMore,
                tune.isEmpty() ? "" : ", params: tune.best",
                trainMore,
                trainLimits,
                evaluateMore,
                firstRun));
    return this;
  }

  private String onlyFamily() {
    return """
    linear:
      environment: shell
      run: |
    %s
    """
        .formatted(train.indent(4).stripTrailing());
  }

  private static double returned(int unit, int week) {
    double wobble = 1 + ((unit * 31 + week * 17) % 7 - 3) / 50.0;
    return (5 + unit % 11) * Math.pow(1.04, week) * wobble;
  }

  private static LocalDate week(int number) {
    return FIRST_WEEK.plusWeeks(number);
  }

  /**
   * Rows with origins at the start of weeks {@code first} to {@code last}.
   *
   * @param matureAfter weeks after which a label counts
   */
  private static void table(Path folder, int first, int last, double scale, int matureAfter)
      throws IOException {
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
                  week(o + h + matureAfter),
                  scale * returned(u, o + h - 1)));
        }
      }
    }
    Files.writeString(folder.resolve("rows.csv"), rows);
    Files.writeString(folder.resolve("panel.csv"), panel);
  }
}
