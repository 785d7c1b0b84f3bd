package io.sluice.local.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CacheFolderTest {
  private static final Path OF_THE_USER =
      Path.of(System.getProperty("user.home"), ".cache", "sluice");

  @Test
  void variablesNameItWhereTheyNameAnAbsoluteFolder() {
    assertThat(EnvironmentBuilder.cacheFolder(Map.of("XDG_CACHE_HOME", "/c", "HOME", "/h")))
        .isEqualTo(Path.of("/c/sluice"));
    assertThat(EnvironmentBuilder.cacheFolder(Map.of("XDG_CACHE_HOME", "c", "HOME", "/h")))
        .isEqualTo(Path.of("/h/.cache/sluice"));
  }

  @Test
  void withoutHomeOrWithAnEmptyOneItIsInTheHomeOfTheUserDatabase() {
    assertThat(EnvironmentBuilder.cacheFolder(Map.of())).isEqualTo(OF_THE_USER);
    assertThat(EnvironmentBuilder.cacheFolder(Map.of("HOME", "", "XDG_CACHE_HOME", "")))
        .isEqualTo(OF_THE_USER);
  }
}
