package io.sluice.core.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Binds the JSON of our own formats to records, strictly: an unknown field, a missing one and one
 * of another type are errors. A component that may be absent is an {@link java.util.Optional}, or a
 * collection with {@code @JsonSetter(nulls = Nulls.AS_EMPTY)}; a field that must be there but may
 * be {@code null} is an {@code Optional} with {@code @JsonProperty(required = true)} and
 * {@code @JsonInclude(ALWAYS)}. Fields are written in the order of the components, and an empty
 * {@code Optional} is left out.
 */
public final class JsonCodec {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_ABSENT, JsonInclude.Include.ALWAYS))
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .withCoercionConfig(
              LogicalType.Textual,
              texts ->
                  texts
                      .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
          .build();

  private JsonCodec() {}

  /**
   * Reads a record.
   *
   * @throws IllegalArgumentException when the JSON is not what the record writes; the message names
   *     the field
   */
  public static <T> T read(JsonNode json, Class<T> type) {
    return type.cast(bind(json, MAPPER.constructType(type)));
  }

  /**
   * Reads a list of records.
   *
   * @throws IllegalArgumentException when the JSON is anything else; the message names the field
   */
  public static <T> List<T> readList(JsonNode json, Class<T> element) {
    List<?> read =
        (List<?>) bind(json, MAPPER.getTypeFactory().constructCollectionType(List.class, element));
    return read.stream().<T>map(element::cast).toList();
  }

  /**
   * Reads an object whose values are all of one type, by key.
   *
   * @throws IllegalArgumentException when the JSON is anything else; the message names the field
   */
  public static <T> SortedMap<String, T> readMap(JsonNode json, Class<T> value) {
    Map<?, ?> read =
        (Map<?, ?>)
            bind(
                json, MAPPER.getTypeFactory().constructMapType(TreeMap.class, String.class, value));
    TreeMap<String, T> byKey = new TreeMap<>();
    read.forEach((key, v) -> byKey.put(String.valueOf(key), value.cast(v)));
    return byKey;
  }

  private static Object bind(JsonNode json, JavaType type) {
    try {
      Object read = MAPPER.treeToValue(json, type);
      if (read == null) {
        throw new IllegalArgumentException("null where a value was expected");
      }
      return read;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(message(e), e);
    }
  }

  /** Writes a record as an object. */
  public static ObjectNode write(Record value) {
    return MAPPER.valueToTree(value);
  }

  /** Writes records as a list. */
  public static JsonNode writeList(List<? extends Record> values) {
    var list = MAPPER.createArrayNode();
    values.forEach(v -> list.add(write(v)));
    return list;
  }

  /** Writes values as an object, by key. */
  public static JsonNode writeMap(SortedMap<String, ?> values) {
    return MAPPER.valueToTree(values);
  }

  private static String message(JsonProcessingException e) {
    String where = e instanceof JsonMappingException m ? path(m) : "";
    return where.isEmpty() ? what(e) : where + ": " + what(e);
  }

  private static String what(JsonProcessingException e) {
    return switch (e) {
      case UnrecognizedPropertyException unknown -> "unknown field";
      case InvalidTypeIdException other -> "not a " + format(other.getBaseType().getRawClass());
      case ValueInstantiationException refused when refused.getCause() != null ->
          String.valueOf(refused.getCause().getMessage());
      default -> plain(e.getOriginalMessage());
    };
  }

  private static String format(Class<?> type) {
    JsonTypeName name = type.getAnnotation(JsonTypeName.class);
    return name == null ? type.getSimpleName() : name.value();
  }

  /**
   * Jackson's words without names of classes and of its settings, which say nothing to a reader.
   */
  private static String plain(String message) {
    if (message.startsWith("Null value for creator property")
        || message.startsWith("Missing required creator property")
        || message.startsWith("Cannot map `null` into type")) {
      return "missing";
    }
    String first =
        message.lines().findFirst().orElse("").replaceAll("`[\\w.$<>]*[.$](\\w+)[>]*`", "$1");
    return first.replaceAll(" \\((although|through|set|coercing|enable).*", "");
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : e.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return path.toString();
  }
}
