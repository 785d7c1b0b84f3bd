package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every text has its method and every method its text, package by package. */
class MessagesTest {
  @ParameterizedTest
  @ValueSource(strings = {"config", "form", "newdata", "page", "run", "step"})
  void methodsAndTextsAreTheSame(String name) throws IOException, ClassNotFoundException {
    Class<?> messages =
        Class.forName(
            getClass().getPackageName() + "." + name + ".Messages",
            /* initialize= */ false, // the signatures that it is compiled against do nothing
            getClass().getClassLoader());
    Properties texts = new Properties();
    try (InputStream in = messages.getResourceAsStream("Messages.properties")) {
      texts.load(Objects.requireNonNull(in));
    }
    assertThat(
            Arrays.stream(messages.getDeclaredMethods())
                .map(Method::getName)
                .filter(n -> !n.startsWith("_") && !n.contains("$"))
                .collect(Collectors.toSet()))
        .isEqualTo(
            texts.stringPropertyNames().stream()
                .map(k -> k.replace('.', '_'))
                .collect(Collectors.toSet()));
  }
}
