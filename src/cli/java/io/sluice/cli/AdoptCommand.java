package io.sluice.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.app.Releases;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice adopt}: a champion that others set becomes an entry of the log. */
@Command(
    name = "adopt",
    mixinStandardHelpOptions = true,
    header = "Makes a champion that others set, by alias or tag, known to the promotion log.",
    description = {
      "For a model that was in production before Sluice, or whose alias `champion` a person moved."
          + " Until",
      "then gates hold, so that nothing replaces it unasked. Candidates meet the adopted version if"
          + " it can",
      "be scored (MLmodel, signature.json, model.onnx); if not, the next promotion is a person's:"
          + " `sluice",
      "override`."
    },
    footer = {
      "",
      "Exit codes: 0 adopted; 2 alias and tag do not name this version, or there is no such version;",
      "3 the registry is unreachable; 4 somebody else moved the champion meanwhile.",
      "",
      "Example:",
      "  sluice adopt pipelines/rma-forecast 2 --reason 'in production since March, by the old job'"
    })
final class AdoptCommand extends DecisionCommand {
  @Parameters(
      index = "1",
      paramLabel = "VERSION",
      description = "The version that alias or tag name; `sluice doctor` shows it.")
  private int version;

  AdoptCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Opened opened) {
    Releases releases = opened.releases();
    Releases.Adoption adoption = releases.adopt(version, CurrentUser.name(), reason());
    ObjectNode json =
        Json.object()
            .put("champion", adoption.entry().to())
            .put("entry", adoption.entry().number())
            .put("scorable", adoption.unscorable().isEmpty());
    adoption.unscorable().ifPresent(why -> json.put("why", why));
    print(
        json,
        "version "
            + adoption.entry().to()
            + " is champion (entry "
            + adoption.entry().number()
            + ", adopted)\n"
            + adoption
                .unscorable()
                .map(why ->
                    "it cannot be scored ("
                        + why
                        + "): gates hold until a person promotes a candidate by `sluice override`\n")
                .orElse("candidates meet it from now on\n"));
    return ExitCode.DONE;
  }
}
