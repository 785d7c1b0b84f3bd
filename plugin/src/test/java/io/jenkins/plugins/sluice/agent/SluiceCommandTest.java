package io.jenkins.plugins.sluice.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.AbortException;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.RunId;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent runs, by a real shell. */
class SluiceCommandTest {
  private static final RunId RUN = new RunId("j-1");

  @TempDir private Path folder;

  @Test
  void whatAStepIsToldIsAnArgumentAndNeverAPartOfTheScript() throws Exception {
    RunRequest request =
        new RunRequest(
            "pipelines/a b",
            "sluice.yaml",
            "",
            "$(touch pwned)",
            List.of("stages.x.with.y=*; rm -rf \"$HOME\" 'z' \\", "k=`id`"),
            "2026-06-01");
    List<String> arguments = SluiceCommand.arguments(request, RUN, "/tmp/a b.json", null);
    assertThat(run(arguments)).containsExactlyElementsOf(arguments);
    assertThat(arguments)
        .containsExactly(
            "run",
            "./pipelines/a b/sluice.yaml",
            "--run-id=j-1",
            "--record=/tmp/a b.json",
            "--profile=$(touch pwned)",
            "--set=stages.x.with.y=*; rm -rf \"$HOME\" 'z' \\",
            "--set=k=`id`",
            "--as-of=2026-06-01");
    assertThat(folder.resolve("pwned")).doesNotExist();
  }

  @Test
  void aNameThatLooksLikeAnOptionIsAPath() throws Exception {
    RunRequest request = new RunRequest("--help", "sluice.yaml", "", "", List.of(), "");
    assertThat(SluiceCommand.arguments(request, RUN, "r", null)).contains("./--help/sluice.yaml");
  }

  @Test
  void aStageIsToldItsRunAndWhatChangesFromItOn() throws Exception {
    RunRequest request =
        new RunRequest("p", "sluice.yaml", "", "", List.of("stages.a.with.b=1"), "");
    AgentStage stage =
        new AgentStage(
            "j-7", StageSelector.of(StageSelector.Kind.TUNE), List.of("stages.c.with.d=$(id)"), 40);
    assertThat(SluiceCommand.arguments(request, new RunId("j-7"), "r", stage))
        .containsExactly(
            "run",
            "./p/sluice.yaml",
            "--run-id=j-7",
            "--record=r",
            "--set=stages.a.with.b=1",
            "--stage=tune",
            "--change=stages.c.with.d=$(id)",
            "--trials=40");
    assertThat(
            SluiceCommand.arguments(
                request,
                RUN,
                "r",
                new AgentStage("j-7", StageSelector.stage("x"), List.of(), null)))
        .endsWith("--stage=stages.x");
  }

  @Test
  void moreThanOneLineIsRefusedForALineIsAnArgument() {
    RunRequest request = new RunRequest("p", "sluice.yaml", "", "", List.of("a=b\n--on=prod"), "");
    assertThatThrownBy(() -> SluiceCommand.arguments(request, RUN, "r", null))
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("more than one line");
  }

  @Test
  void exitCodesAreSaidInWords() {
    assertThat(SluiceCommand.words(4)).contains("champion moved");
    assertThat(SluiceCommand.words(127)).contains("Tools");
    assertThat(SluiceCommand.words(77)).contains("77");
  }

  @Test
  void theProgramsProcessesAreKnownByTheRun() throws Exception {
    assertThat(run(List.of("run"), "#!/bin/sh\nsh -c 'echo $SLUICE_PROCESS'\n"))
        .containsExactly("j-1");
  }

  @Test
  void theProgramAloneIsAskedToEnd() throws Exception {
    Process process =
        start(
            List.of("run"),
            """
            #!/bin/sh
            sh -c 'trap "echo a child was told" TERM; echo begun; while [ ! -e over ]; do sleep 0.1; done' &
            trap 'echo asked; touch over; wait; exit 143' TERM
            wait
            """);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(lines.readLine()).isEqualTo("begun");
    Process end =
        new ProcessBuilder("/bin/sh", "-c", SluiceCommand.END, pidFile().toString()).start();
    assertThat(end.waitFor()).isEqualTo(0);
    assertThat(lines.lines()).containsExactly("asked");
    assertThat(process.waitFor()).isEqualTo(143);
  }

  @Test
  void aProgramThatNobodyFollowsIsAskedByItsNumberAndItsId() throws Exception {
    Process process =
        start(List.of("run"), "#!/bin/sh\ntrap 'exit 143' TERM\necho begun\nsleep 60 & wait\n");
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(lines.readLine()).isEqualTo("begun");
    assertThat(endOwn(pidFile(), "j-2"))
        .as("the number is another program's by now")
        .isEqualTo(SluiceCommand.NOT_THERE);
    assertThat(process.isAlive()).isTrue();
    assertThat(endOwn(pidFile(), RUN.value())).isEqualTo(0);
    assertThat(process.waitFor()).isEqualTo(143);
    assertThat(endOwn(pidFile(), RUN.value())).isEqualTo(SluiceCommand.NOT_THERE);
  }

  @Test
  void aProgramThatNeverBeganOrIsInAContainerIsNotAsked() throws Exception {
    assertThat(endOwn(folder.resolve("none"), "j-1")).isEqualTo(SluiceCommand.NOT_THERE);
    Path pid = Files.writeString(folder.resolve("pid"), "1 pid:[1]\n");
    assertThat(endOwn(pid, "j-1")).isEqualTo(SluiceCommand.ELSEWHERE);
    Files.writeString(pid, "-1\n");
    assertThat(endOwn(pid, "j-1"))
        .as("never a whole group of processes")
        .isEqualTo(SluiceCommand.NOT_THERE);
  }

  private static int endOwn(Path pidFile, String execution) throws Exception {
    return new ProcessBuilder("/bin/sh", "-c", SluiceCommand.END_OWN, pidFile.toString(), execution)
        .inheritIO()
        .start()
        .waitFor();
  }

  /** Runs the script with a program that prints its arguments, one a line. */
  private List<String> run(List<String> arguments) throws Exception {
    return run(arguments, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
  }

  private List<String> run(List<String> arguments, String text) throws Exception {
    Process process = start(arguments, text);
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return lines;
  }

  private Path pidFile() {
    return folder.resolve("it's a pid");
  }

  private Process start(List<String> arguments, String text) throws Exception {
    Path program = Files.createDirectories(folder.resolve("home/bin")).resolve("sluice");
    Files.writeString(program, text);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    ProcessBuilder shell = new ProcessBuilder("/bin/sh", "-c", SluiceCommand.SCRIPT);
    shell.directory(folder.toFile()).redirectErrorStream(true);
    shell.environment().put(SluiceCommand.HOME, folder.resolve("home").toString());
    shell.environment().put(SluiceCommand.ARGUMENTS, String.join("\n", arguments));
    shell.environment().put(SluiceCommand.RUN, RUN.value());
    shell.environment().put(SluiceCommand.PID_FILE, pidFile().toString());
    return shell.start();
  }
}
