package io.sluice.tekton.yaml;

import io.sluice.tekton.v1.Key;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a record type as YAML names them: what both directions of the codec walk, so that a
 * field is declared in one place, the record.
 *
 * @param byName every component by its name in YAML, in order
 */
record Fields(Constructor<?> constructor, Map<String, Field> byName) {
  private static final ClassValue<Fields> CACHE =
      new ClassValue<>() {
        @Override
        protected Fields computeValue(Class<?> type) {
          return read(type);
        }
      };

  /** One component: its position in the constructor, its type, how to read it. */
  record Field(String name, int index, Type type, Method accessor) {

    Object of(Object owner) {
      return invoke(accessor, owner);
    }

    /** Whether its absence is a mistake: neither optional nor a list or map that may be empty. */
    boolean required() {
      Class<?> raw = raw(type);
      return raw != Optional.class && raw != List.class && raw != Map.class;
    }
  }

  static Fields of(Class<?> record) {
    return CACHE.get(record);
  }

  /** The class of a type without its parameters. */
  static Class<?> raw(Type type) {
    return type instanceof ParameterizedType p ? (Class<?>) p.getRawType() : (Class<?>) type;
  }

  /** The parameter of a type at this position. */
  static Type parameter(Type type, int index) {
    return ((ParameterizedType) type).getActualTypeArguments()[index];
  }

  /** The name of an enum's constant in YAML. */
  static String nameOf(Enum<?> constant) {
    try {
      Key key = constant.getDeclaringClass().getField(constant.name()).getAnnotation(Key.class);
      return key == null ? constant.name().toLowerCase(Locale.ROOT) : key.value();
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException("an enum constant without its field: " + constant, e);
    }
  }

  Object create(@Nullable Object[] values) {
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw rethrown(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a record that cannot be made: " + constructor, e);
    }
  }

  private static Fields read(Class<?> record) {
    RecordComponent[] components = record.getRecordComponents();
    Map<String, Field> byName = new LinkedHashMap<>();
    for (int i = 0; i < components.length; i++) {
      RecordComponent c = components[i];
      Key key = c.getAnnotation(Key.class);
      String name = key == null ? c.getName() : key.value();
      byName.put(name, new Field(name, i, c.getGenericType(), c.getAccessor()));
    }
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return new Fields(record.getDeclaredConstructor(types), byName);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("a record without its constructor: " + record, e);
    }
  }

  private static Object invoke(Method accessor, Object owner) {
    try {
      return accessor.invoke(owner);
    } catch (InvocationTargetException e) {
      throw rethrown(e);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("a record that is not public: " + accessor, e);
    }
  }

  private static RuntimeException rethrown(InvocationTargetException e) {
    return e.getCause() instanceof RuntimeException r
        ? r
        : new IllegalStateException("a record's own code failed", e.getCause());
  }
}
