package io.sluice.systemtests;

import io.sluice.systemtests.BothRunnersClusterIT.Case;
import io.sluice.systemtests.BothRunnersClusterIT.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;

/**
 * The small pipelines that both runners run, see {@link BothRunnersClusterIT}: each is the {@link
 * TinyPipeline} that is promoted, but for one thing. Commands use what dash and coreutils have, as
 * the worker's image does.
 */
final class Cases {
  /** Long enough for a pod to start, short enough to wait for. */
  private static final String LIMIT = "timeout: 20s";

  private static final String REFIT = "cp -r \"src/$SLUICE_FAMILY\" \"$SLUICE_OUTPUTS/model\"";

  /** Trials report their parameter {@code x}; {@code %s} stands where one may fail. */
  private static final String TUNED =
      """
      if [ "$SLUICE_MODE" = trial ]; then
        x=$(cat "$SLUICE_PARAMS")
        x=${x#*\\"x\\":}
        x=${x%%%%[,\\}]*}
        %s
        echo "$x" >"$SLUICE_RESULTS/objective"
      else
        cp -r src/linear "$SLUICE_OUTPUTS/model"
      fi
      """;

  static final List<Case> ALL =
      List.of(
          once("promoted", p -> {}),
          new Case("cached", p -> {}, List.of(List.of(), List.of())),
          once("held-first", p -> p.firstRun("hold")),
          once("profile", p -> {}, "--profile", "smoke"),
          once("overlay", p -> {}, "--set", "stages.train.with.slow=true"),
          once(
              "large-code",
              p -> {
                byte[] noise = new byte[8 << 20];
                new Random(7).nextBytes(noise);
                Files.write(p.file("src/noise"), noise);
              }),
          new Case("drift", TinyPipeline::drift, List.of(List.of(), List.of())),

          // a command that goes wrong
          once("data-fails", p -> p.data("echo no data today; exit 3")),
          once(
              "data-says-why",
              p -> p.data("echo 'the file is not there yet' >\"$SLUICE_RESULTS/failure\"; exit 3")),
          once("data-killed", p -> p.data("kill -9 $$")),
          once("data-hangs", p -> p.data("echo going; sleep 600").limits(LIMIT)),
          once("data-retried", p -> p.data("exit 4").limits("retries: 1")),
          once("split-fails", p -> p.split("exit 5", "")),
          once("split-hangs", p -> p.split("exec sleep 600", LIMIT)),
          once("train-fails", p -> p.train("echo does not converge >&2; exit 1")),
          once(
              "train-broken",
              p ->
                  p.train(
                      "mkdir \"$SLUICE_OUTPUTS/model\"; echo '{}'"
                          + " >\"$SLUICE_OUTPUTS/model/signature.json\"")),
          once("no-such-command", p -> p.data("no-such-command")),

          // outputs and results
          once("output-missing", p -> p.data("true")),
          once(
              "output-not-declared",
              p -> p.data("echo 1 >\"$SLUICE_OUTPUTS/weeks\"; echo 2 >\"$SLUICE_OUTPUTS/more\"")),
          once("output-link", p -> p.data("ln -s /etc/passwd \"$SLUICE_OUTPUTS/weeks\"")),
          once("output-empty", p -> p.data("mkdir \"$SLUICE_OUTPUTS/weeks\"")),
          once(
              "output-many",
              p ->
                  p.data(
                      "cd \"$SLUICE_OUTPUTS\" && mkdir weeks && for i in $(seq 300); do echo $i"
                          + " >\"weeks/ü $i\"; done")),
          once(
              "results",
              p ->
                  p.data(
                      "cp src/weeks \"$SLUICE_OUTPUTS/weeks\"; echo 60 >\"$SLUICE_RESULTS/rows\";"
                          + " echo 'a \"note\" $(x)' >\"$SLUICE_RESULTS/note\"")),
          once(
              "result-too-long",
              p ->
                  p.data(
                      "cp src/weeks \"$SLUICE_OUTPUTS/weeks\"; seq 5000 >\"$SLUICE_RESULTS/note\"")),

          // what a command writes to its log
          once(
              "log-odd",
              p ->
                  p.data(
                      "printf 'a\\000b\\377c\\033[31mred\\n'; echo 'ünï' >&2; printf 'no line end';"
                          + " cp src/weeks \"$SLUICE_OUTPUTS/weeks\"")),
          once(
              "log-long",
              p ->
                  p.data(
                      "head -c 50000 /dev/zero | tr '\\0' x; echo; seq 2000; cp src/weeks"
                          + " \"$SLUICE_OUTPUTS/weeks\"")),

          // custom stages
          once(
              "custom",
              p ->
                  p.stages(
                      """
                      enrich:
                        environment: shell
                        run: cp "$SLUICE_INPUTS/weeks" "$SLUICE_OUTPUTS/more"
                        inputs: { weeks: data.weeks }
                        outputs: [more]
                      check:
                        environment: shell
                        run: cat "$SLUICE_INPUTS/more"
                        inputs: { more: enrich.more }
                      """)),
          // what failed was over long before the data are there, so that nothing else has begun
          once(
              "custom-fails",
              p ->
                  p.data("sleep 20; cp src/weeks \"$SLUICE_OUTPUTS/weeks\"")
                      .stages(
                          """
                          enrich:
                            environment: shell
                            run: exit 7
                            outputs: [more]
                          check:
                            environment: shell
                            run: cat "$SLUICE_INPUTS/more"
                            inputs: { more: enrich.more }
                          """)),
          once(
              "arguments",
              p ->
                  p.stages(
                      """
                      enrich:
                        environment: shell
                        run:
                          - printf
                          - '[%s]\\n'
                          - '$(params.run) $(context.taskRun.name)'
                          - '$$(HOME) $HOME ${HOME} $'
                          - "a 'b' \\"c\\" \\\\ d"
                          - "two\\nlines\\tü"
                          - ''
                          - '--run'
                          - '*'
                        inputs: { weeks: data.weeks }
                      params:
                        environment: shell
                        run: cat "$SLUICE_PARAMS"
                        inputs: { weeks: data.weeks }
                        with: { text: '$(params.run) $$ " \\ ü', list: [1, 2.5, true], none: {} }
                      """)),

          // families
          once("families", p -> families(p, REFIT, "")),
          once("family-lost", p -> families(p, "echo out of luck; exit 9", "")),
          once("family-late", p -> families(p, "exec sleep 600", LIMIT)),
          once(
              "families-all-lost",
              p ->
                  p.families(
                      family("linear", "", "exit 1") + family("doubled", "", "exit 2"),
                      "",
                      "",
                      "")),
          once("tuned", p -> tuned(p, "")),
          once("trial-crashes", p -> tuned(p, "case $x in *0.[5-9]*) echo boom; exit 6;; esac")),
          once("trials-all-crash", p -> tuned(p, "exit 6")));

  private Cases() {}

  private static Case once(String name, Shape shape, String... arguments) {
    return new Case(name, shape, List.of(List.of(arguments)));
  }

  private static String family(String name, String more, String script) {
    return """
    %s:
      environment: shell
      onFailure: continue
      %s
      run: |
    %s
    """
        .formatted(name, more, script.indent(4).stripTrailing());
  }

  private static void families(TinyPipeline p, String second, String limits) throws IOException {
    p.bundle("linear", "linear", "linear").bundle("doubled", "doubled", "doubled");
    p.families(family("linear", "", REFIT) + family("doubled", "", second), "", "", limits);
  }

  private static void tuned(TinyPipeline p, String crash) throws IOException {
    p.bundle("linear", "linear", "linear");
    p.families(
        family("linear", "space: { x: { float: [0.1, 1] } }", TUNED.formatted(crash)),
        "",
        "{ trials: 6, patience: 6 }",
        "");
  }
}
