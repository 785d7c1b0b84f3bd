package io.sluice.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.Nulls;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.StageStatus;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Binding is strict, and its messages name the field. */
class JsonCodecTest {

  @Versioned
  @JsonTypeName("sluice.io/sample/v1")
  record Sample(
      String name,
      int count,
      Optional<Instant> at,
      @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
          Optional<StageStatus> status,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Part> parts) {}

  record Part(Digest digest) {}

  @Test
  void whatIsWrittenIsReadBackInTheOrderOfTheComponents() {
    Sample sample =
        new Sample(
            "x",
            1,
            Optional.empty(),
            Optional.of(StageStatus.TIMED_OUT),
            List.of(new Part(Digest.of(""))));

    assertThat(Json.write(JsonCodec.write(sample)))
        .isEqualTo(
            "{\"apiVersion\":\"sluice.io/sample/v1\",\"name\":\"x\",\"count\":1,"
                + "\"status\":\"timed_out\",\"parts\":[{\"digest\":\""
                + Digest.of("")
                + "\"}]}");
    assertThat(JsonCodec.read(JsonCodec.write(sample), Sample.class)).isEqualTo(sample);
  }

  @Test
  void whatMayBeAbsentMayBe() {
    assertThat(read("'name':'x','count':1,'status':null"))
        .isEqualTo(new Sample("x", 1, Optional.empty(), Optional.empty(), List.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "'count':1,'status':null | name",
        "'name':'x','status':null | count",
        "'name':'x','count':null,'status':null | count",
        "'name':'x','count':1 | status",
        "'name':7,'count':1,'status':null | name",
        "'name':'x','count':'1','status':null | count",
        "'name':'x','count':1.5,'status':null | count",
        "'name':'x','count':1,'status':'late' | status",
        "'name':'x','count':1,'status':1 | status",
        "'name':'x','count':1,'status':null,'at':'soon' | at",
        "'name':'x','count':1,'status':null,'size':2 | size: unknown field",
        "'name':'x','count':1,'status':null,'parts':[{'digest':'x'}] | parts[0].digest: not a digest"
      })
  void everythingElseIsRefusedByName(String fields, String named) {
    assertThatThrownBy(() -> read(fields))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(named);
  }

  @Test
  void anotherFormatIsNamed() {
    assertThatThrownBy(() -> JsonCodec.read(Json.parse("{\"name\":\"x\"}"), Sample.class))
        .hasMessage("not a sluice.io/sample/v1");
    assertThatThrownBy(() ->
            JsonCodec.read(Json.parse("{\"apiVersion\":\"sluice.io/sample/v2\"}"), Sample.class))
        .hasMessage("not a sluice.io/sample/v1");
  }

  private static Sample read(String fields) {
    String text = "{'apiVersion':'sluice.io/sample/v1'," + fields + "}";
    return JsonCodec.read(Json.parse(text.replace('\'', '"')), Sample.class);
  }
}
