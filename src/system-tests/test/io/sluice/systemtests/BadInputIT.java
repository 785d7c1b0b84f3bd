package io.sluice.systemtests;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.status;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Wrong input is reported by an id and the documented exit code, never by a stack trace. */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputIT {
  private Path folder;
  private ForkedSluice sluice;
  private RegistrySession session;

  @BeforeAll
  void start(@TempDir Path temporary) {
    folder = temporary;
    sluice = new ForkedSluice(folder.resolve("state"));
    session = RegistrySessions.ofThisProcess().open(sluice.state(), event -> {});
  }

  @AfterAll
  void end() {
    session.close();
  }

  @Test
  void aWrongSpecIsShownWithACaretAndExitCodeTwo() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("spec"));
    Path spec = pipeline.file("sluice.yaml");
    Files.writeString(
        spec, Files.readString(spec).replace("environment: shell", "enviroment: shell"));
    ForkedSluice.Ended run = run(pipeline);
    refused(run, 2, "SLU-1");
    assertThat(run.err()).contains("enviroment").contains("^").contains("did you mean");
    assertThat(run.out()).doesNotContain("run r-");
  }

  @Test
  void anUnknownProfileOrSettingIsNamedBeforeAnythingRuns() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("profile"));
    ForkedSluice.Ended profile = run(pipeline, "--profile", "smokee");
    refused(profile, 2, "SLU-");
    assertThat(profile.err()).contains("smokee").contains("smoke");
    ForkedSluice.Ended setting = run(pipeline, "--set", "stages.trian.with.quick=true");
    refused(setting, 2, "SLU-");
    assertThat(setting.err()).contains("trian").contains("did you mean \"train\"");
    refused(run(pipeline, "--as-of", "yesterday"), 2, "SLU-");
  }

  @Test
  void aFailingStageIsNamedWithItsExitCodeAndTheTailOfItsLog() throws Exception {
    TinyPipeline pipeline =
        new TinyPipeline(folder.resolve("fails")).data("echo 'the warehouse says no' >&2; exit 7");
    ForkedSluice.Ended run = run(pipeline);
    assertThat(run.code()).as(run.shown()).isEqualTo(1);
    assertThat(run.shown())
        .contains("data-weeks")
        .contains("7")
        .contains("| the warehouse says no")
        .doesNotContain("\tat ");
    nothingRegistered();
  }

  @Test
  void aHangingStageEndsAtItsTimeout() throws Exception {
    TinyPipeline pipeline =
        new TinyPipeline(folder.resolve("hangs"))
            .limits("timeout: 3s")
            .data("echo waiting for the warehouse; while :; do sleep 1; done");
    ForkedSluice.Ended run = run(pipeline);
    assertThat(run.code()).as(run.shown()).isEqualTo(1);
    assertThat(run.shown())
        .contains("data-weeks")
        .containsPattern("timed out")
        .contains("| waiting for the warehouse");
    nothingRegistered();
  }

  @Test
  void aBinaryStreamDoesNotReachTheTerminal() throws Exception {
    TinyPipeline pipeline =
        new TinyPipeline(folder.resolve("binary"))
            .data("head -c 300000 /dev/urandom; printf '\\033[2J\\007'; exit 3");
    ForkedSluice.Ended run = run(pipeline);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.shown()).contains("data-weeks").doesNotContain("\u001b", "\u0007", "\u0000");
    nothingRegistered();
  }

  @Test
  void aBundleWhoseProbeFailsIsIneligibleAndNothingIsRegistered() throws Exception {
    TinyPipeline pipeline =
        new TinyPipeline(folder.resolve("probe"))
            .train(
                """
                cp -r src/model "$SLUICE_OUTPUTS/model"
                sed -i 's/1.9350000619888306/2.9350000619888306/' "$SLUICE_OUTPUTS/model/probe.json"
                """);
    ForkedSluice.Ended run = run(pipeline);
    assertThat(run.code()).as(run.shown()).isEqualTo(2);
    assertThat(run.shown()).contains("SLU-6007").contains("evaluate").doesNotContain("\tat ");
    nothingRegistered();
  }

  @Test
  void aRegistryThatIsDownOrFailsOrTalksGarbageEndsWithExitCodeThree() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("registry"));
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }
    WireMockServer failing = answering(status(503).withBody("try later"));
    WireMockServer garbage = answering(ok("<html>Please log in</html>"));
    try {
      // Side by side: each is patient with the server before it gives up.
      var down = against(closed, "down", pipeline);
      var broken = against(failing.port(), "broken", pipeline);
      var login = against(garbage.port(), "login", pipeline);
      refused(down.await(), 3, "SLU-5001");
      refused(broken.await(), 3, "SLU-5003");
      refused(login.await(), 3, "SLU-5004");
    } finally {
      failing.stop();
      garbage.stop();
    }
  }

  private ForkedSluice.Going against(int port, String state, TinyPipeline pipeline)
      throws Exception {
    return new ForkedSluice(folder.resolve(state))
        .with("MLFLOW_TRACKING_URI", "http://127.0.0.1:" + port)
        .start("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF);
  }

  private static WireMockServer answering(ResponseDefinitionBuilder answer) {
    WireMockServer server = new WireMockServer(options().bindAddress("127.0.0.1").dynamicPort());
    server.start();
    server.stubFor(any(anyUrl()).willReturn(answer.withHeader("Content-Type", "text/html")));
    return server;
  }

  private ForkedSluice.Ended run(TinyPipeline pipeline, String... more) throws Exception {
    String[] all = new String[more.length + 2];
    all[0] = "run";
    all[1] = pipeline.path();
    System.arraycopy(more, 0, all, 2, more.length);
    return sluice.run(all);
  }

  private static void refused(ForkedSluice.Ended run, int code, String id) {
    assertThat(run.code()).as(run.shown()).isEqualTo(code);
    assertThat(run.shown()).contains(id).doesNotContain("\tat ").doesNotContain("SLU-9099");
  }

  private void nothingRegistered() {
    assertThat(session.registry().versions("tiny")).isEmpty();
    assertThat(session.registry().promotions("tiny").entries()).isEmpty();
  }
}
