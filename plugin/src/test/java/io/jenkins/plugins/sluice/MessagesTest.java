package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every text has its method and every method its text. */
class MessagesTest {
  @Test
  void methodsAndTextsAreTheSame() throws IOException {
    Properties texts = new Properties();
    try (InputStream in = Messages.class.getResourceAsStream("Messages.properties")) {
      texts.load(Objects.requireNonNull(in));
    }
    assertThat(
            Arrays.stream(Messages.class.getDeclaredMethods())
                .map(Method::getName)
                .filter(n -> !n.startsWith("_") && !n.contains("$"))
                .collect(Collectors.toSet()))
        .isEqualTo(
            texts.stringPropertyNames().stream()
                .map(k -> k.replace('.', '_'))
                .collect(Collectors.toSet()));
  }
}
