package io.sluice.store;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Where a bucket is and with which key it is opened: {@code s3.json}. The key leaves this object
 * for the client only.
 *
 * @param endpoint {@code http(s)://host[:port]}; nothing of the process's environment decides where
 *     a key is sent
 * @param prefix of all keys, empty or ending in a slash
 * @param region that signatures name
 */
public record S3Settings(
    URI endpoint, String bucket, String prefix, String region, String accessKeyId, Key secret) {

  /** The file's name in the Secret that is bound to the workspace of the store. */
  public static final String FILE = "s3.json";

  private static final List<String> FIELDS =
      List.of("endpoint", "bucket", "prefix", "region", "accessKeyId", "secretAccessKey");
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  private static final Pattern PREFIX = Pattern.compile("([A-Za-z0-9_.=-]+/)*[A-Za-z0-9_.=-]*");
  private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");
  private static final Pattern KEY_ID = Pattern.compile("[!-~]{1,128}");

  /** A text that does not print itself. */
  public record Key(String value) {
    @Override
    public String toString() {
      return "(secret)";
    }
  }

  public S3Settings {
    prefix = prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
  }

  /**
   * Reads {@code s3.json}.
   *
   * @throws SluiceException {@code SLU-4610}, naming the field and never its value
   */
  public static S3Settings parse(String json) {
    JsonNode node;
    try {
      node = Json.parse(json);
    } catch (IllegalArgumentException e) {
      // not the parser's own words: they quote the text, and a key stands in it
      throw wrong("is not JSON");
    }
    if (!node.isObject()) {
      throw wrong("is not a JSON object");
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!FIELDS.contains(field.getKey())) {
        throw wrong(
            "has an unknown field " + field.getKey().replaceAll("\\p{Cntrl}", "?"),
            DidYouMean.hint(FIELDS, field.getKey()));
      }
      if (!field.getValue().isTextual()) {
        throw wrong("has a field " + field.getKey() + " that is not a text");
      }
    }
    return new S3Settings(
        endpoint(text(node, "endpoint")),
        matching(node, "bucket", BUCKET),
        node.has("prefix") ? matching(node, "prefix", PREFIX) : "",
        node.has("region") ? matching(node, "region", REGION) : "us-east-1",
        matching(node, "accessKeyId", KEY_ID),
        new Key(matching(node, "secretAccessKey", KEY_ID)));
  }

  private static URI endpoint(String text) {
    try {
      URI uri = new URI(text);
      String scheme = String.valueOf(uri.getScheme());
      boolean plain =
          uri.getUserInfo() == null
              && uri.getQuery() == null
              && uri.getFragment() == null
              && (uri.getPath().isEmpty() || uri.getPath().equals("/"));
      if ((scheme.equals("http") || scheme.equals("https")) && uri.getHost() != null && plain) {
        return uri;
      }
    } catch (URISyntaxException e) {
      throw wrong("has an endpoint that is not a URI");
    }
    throw wrong("has an endpoint that is not http(s)://host[:port]");
  }

  private static String text(JsonNode node, String field) {
    if (!node.has(field)) {
      throw wrong("has no field " + field);
    }
    return node.path(field).asText();
  }

  private static String matching(JsonNode node, String field, Pattern pattern) {
    String text = text(node, field);
    if (!pattern.matcher(text).matches()) {
      throw wrong("has a field " + field + " that cannot be one (wanted: " + pattern + ")");
    }
    return text;
  }

  private static SluiceException wrong(String what) {
    return wrong(what, "its fields are " + String.join(", ", FIELDS));
  }

  private static SluiceException wrong(String what, String hint) {
    return new SluiceException(
        ExitCode.INPUT_WRONG, Diagnostic.of("SLU-4610", FILE + " of the store " + what, hint));
  }
}
