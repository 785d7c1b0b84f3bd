package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The entry point: parses arguments, runs a command, renders what went wrong. */
@Command(
    name = "sluice",
    mixinStandardHelpOptions = true,
    version = "sluice 0.1.0-SNAPSHOT",
    synopsisSubcommandLabel = "COMMAND",
    header = {
      "Builds a model version, tests it against the one in production,",
      "and lets it through only when it is better.",
      ""
    },
    subcommands = {
      InitCommand.class,
      CheckCommand.class,
      CompileCommand.class,
      RunCommand.class,
      AttachCommand.class,
      CancelCommand.class,
      RunsCommand.class,
      ShowCommand.class,
      HistoryCommand.class,
      TraceCommand.class,
      ReplayCommand.class,
      DiffCommand.class,
      RollbackCommand.class,
      OverrideCommand.class,
      AdoptCommand.class,
      DoctorCommand.class,
      RegistryCommand.class,
      ServeCommand.class,
      GcCommand.class,
      SchemaCommand.class
    },
    footer = {
      "",
      "Exit codes: 0 done (promoted or held); 1 a run failed; 2 the input is wrong;",
      "3 a service is unreachable; 4 the champion moved; 5 held, with --fail-on-hold.",
      "",
      "Example:",
      "  sluice run pipelines/rma-forecast"
    })
public final class Main implements Runnable {
  /** Columns of help: examples are not broken, which could then not be copied. */
  private static final int HELP_WIDTH = 100;

  private final Terminal terminal;

  private Main(Terminal terminal) {
    this.terminal = terminal;
  }

  public static void main(String[] args) {
    PrintStream out = stream(FileDescriptor.out);
    PrintStream err = stream(FileDescriptor.err);
    Terminal terminal =
        new Terminal(out, err, Boolean.getBoolean("sluice.terminal") && Terminal.wanted());
    int code;
    try {
      code = run(args, terminal);
    } catch (OutOfMemoryError e) {
      code = outOfMemory(e, terminal);
    }
    out.flush();
    err.flush();
    System.exit(code);
  }

  /** Runs one command line; returns the exit code. Throws nothing. */
  static int run(String[] args, Terminal terminal) {
    CommandLine line = new CommandLine(new Main(terminal), new Commands(terminal));
    line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            terminal.interactive() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpWidth(HELP_WIDTH);
    line.setParameterExceptionHandler((e, a) -> wrongArguments(e, terminal));
    line.setExecutionExceptionHandler((e, command, parsed) -> failed(e, terminal));
    return line.execute(args);
  }

  @Override
  public void run() {
    CommandLine.usage(this, terminal.out());
  }

  private static int wrongArguments(ParameterException e, Terminal terminal) {
    CommandLine command = e.getCommandLine();
    List<String> near =
        e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
    String hint =
        near.isEmpty()
            ? "see `" + command.getCommandSpec().qualifiedName() + " --help`"
            : "did you mean " + String.join(", ", near) + "?";
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong arguments");
    terminal.show(List.of(Diagnostic.of("SLU-9010", message, hint)));
    return ExitCode.INPUT_WRONG.code();
  }

  private static int failed(Exception e, Terminal terminal) {
    if (e instanceof SluiceException known) {
      terminal.show(known.diagnostics());
      return known.exitCode().code();
    }
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
      return ExitCode.INTERRUPTED.code();
    }
    if (e instanceof IOException broken) {
      terminal.show(
          List.of(
              Diagnostic.of(
                  "SLU-9302",
                  "a file cannot be read or written: "
                      + broken.getClass().getSimpleName()
                      + ": "
                      + broken.getMessage(),
                  "does its folder exist, is it writable, and the disk not full?")));
      return ExitCode.INPUT_WRONG.code();
    }
    terminal.show(
        List.of(
            Diagnostic.of(
                "SLU-9099",
                "this is a bug in sluice: " + e,
                "please report it with what follows when you repeat the command with SLUICE_DEBUG=1")));
    if (System.getenv("SLUICE_DEBUG") != null) {
      e.printStackTrace(terminal.err());
    }
    return ExitCode.RUN_FAILED.code();
  }

  private static int outOfMemory(OutOfMemoryError e, Terminal terminal) {
    terminal.show(
        List.of(
            Diagnostic.of(
                "SLU-9304",
                "sluice ran out of memory: " + e.getMessage(),
                "do `code.include` or `path:` take more than code and small tables? Else give it more:"
                    + " SLUICE_JAVA_OPTIONS=-Xmx4g")));
    return ExitCode.RUN_FAILED.code();
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
