package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class S3SettingsTest {
  private static final String WHOLE =
      """
      {"endpoint":"https://s3.example:9000","bucket":"artifacts","prefix":"team/models",
       "region":"eu-1","accessKeyId":"AKIA","secretAccessKey":"hunter2"}
      """;

  @Test
  void readsTheFileAndDoesNotPrintTheKey() {
    S3Settings settings = S3Settings.parse(WHOLE);
    assertThat(settings)
        .isEqualTo(
            new S3Settings(
                URI.create("https://s3.example:9000"),
                "artifacts",
                "team/models/",
                "eu-1",
                "AKIA",
                new S3Settings.Key("hunter2")));
    assertThat(settings.toString()).doesNotContain("hunter2");
  }

  @Test
  void prefixAndRegionMayBeLeftOut() {
    S3Settings settings =
        S3Settings.parse(
            "{\"endpoint\":\"http://s3:9000\",\"bucket\":\"abc\",\"accessKeyId\":\"k\","
                + "\"secretAccessKey\":\"s\"}");
    assertThat(settings.prefix()).isEmpty();
    assertThat(settings.region()).isEqualTo("us-east-1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hunter2",
        "[\"hunter2\"]",
        "{\"secretAccessKey\":\"hunter2\"}",
        "{\"secretAcessKey\":\"hunter2\"}",
        "{\"endpoint\":\"https://user:hunter2@s3\",\"bucket\":\"abc\"}",
        "{\"endpoint\":\"ftp://s3\",\"bucket\":\"abc\",\"secretAccessKey\":\"hunter2\"}",
        "{\"endpoint\":\"http://s3/path?x\",\"bucket\":\"abc\",\"secretAccessKey\":\"hunter2\"}",
        "{\"endpoint\":\"http://s3\",\"bucket\":\"../x\",\"secretAccessKey\":\"hunter2\"}",
        "{\"endpoint\":\"http://s3\",\"bucket\":\"abc\",\"accessKeyId\":7}",
        "{\"endpoint\":\"http://s3\",\"bucket\":\"abc\",\"prefix\":\"/a\",\"accessKeyId\":\"k\","
            + "\"secretAccessKey\":\"hunter2\"}",
        "{\"endpoint\":\"http://s3\",\"bucket\":\"abc\",\"accessKeyId\":\"k\","
            + "\"secretAccessKey\":\"hunter2\\n\"}"
      })
  void refusesWhatItCannotUseWithoutQuotingIt(String json) {
    assertThatThrownBy(() -> S3Settings.parse(json))
        .hasMessageContaining("SLU-4610")
        .hasMessageNotContaining("hunter2");
  }
}
