package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kubeconfig that somebody typed into a form runs no program and reads no file. */
class LoginTest {
  private static final String KUBECONFIG =
      """
      apiVersion: v1
      kind: Config
      current-context: prod
      clusters:
      - name: prod
        cluster:
          server: https://kube.example:6443
      users:
      - name: robot
        user:
          token: t0k3n
      contexts:
      - name: prod
        context: { cluster: prod, user: robot, namespace: models }
      """;

  @Test
  void aKubeconfigWithATokenIsTaken() {
    var config = Login.kubeconfig(KUBECONFIG);
    assertThat(config.getMasterUrl()).startsWith("https://kube.example:6443");
    assertThat(config.getAutoOAuthToken()).isEqualTo("t0k3n");
  }

  @Test
  void whatLetsSomebodyInIsKnownOfEveryUserSoThatItCanBeMasked() {
    String pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nabc=\n-----END KEY-----\n";
    String key = Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
    String more =
        KUBECONFIG.replace(
            "contexts:",
            "- name: other\n  user: { username: alex, password: hunter22, client-key-data: "
                + key
                + ", client-certificate-data: Y2VydA== }\ncontexts:");
    assertThat(Login.secrets(more))
        .containsExactly("t0k3n", "hunter22", key, "MIIEvQIBADANBgkqhkiG9w0BAQEF");
    assertThat(Login.secrets("no kubeconfig")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "exec: { apiVersion: client.authentication.k8s.io/v1, command: /bin/sh }",
        "auth-provider: { name: gcp }",
        "tokenFile: /etc/shadow",
        "client-certificate: /etc/passwd",
        "client-key: /etc/ssl/private/key.pem"
      })
  void aUserThatRunsAProgramOrReadsAFileIsRefused(String user) {
    assertThatThrownBy(() -> Login.kubeconfig(KUBECONFIG.replace("token: t0k3n", user)))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-3731")
        .hasMessageContaining(user.substring(0, user.indexOf(':')));
  }

  @Test
  void authoritiesFromAFileAreRefused() {
    assertThatThrownBy(() ->
            Login.kubeconfig(
                KUBECONFIG.replace(
                    "server: https", "certificate-authority: /etc/x\n    server: https")))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("certificate-authority");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "password: hunter22", "- a\n- b", ": : :"})
  void whatIsNoKubeconfigIsRefusedWithoutQuotingIt(String text) {
    assertThatThrownBy(() -> Login.kubeconfig(text))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-3731")
        .hasMessageNotContaining("hunter22");
  }

  @Test
  void aTokenComesWithItsServer() {
    var config = Login.token("https://kube.example:6443", " t0k3n\n", Optional.empty());
    assertThat(config.getMasterUrl()).startsWith("https://kube.example:6443");
    assertThat(config.getOauthToken()).isEqualTo("t0k3n");
  }
}
