package io.sluice.local.environment;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DiagnosticRenderer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a lock may say, and where it is wrong. */
class LockFileTest {
  private static final String HASH = "--hash=sha256:" + "0a".repeat(32);
  private static final String SIX = "https://files.example.org/b7/six-1.17.0-py2.py3-none-any.whl";

  @Test
  void aFileAtAnAddressIsFixedByItsHash() {
    assertThat(pins("six @ " + SIX + " " + HASH + "\n")).isEqualTo("{six=1.17.0}");
    assertThat(pins("Six[x] @ " + SIX + " \\\n    " + HASH + "\n")).isEqualTo("{six=1.17.0}");
    assertThat(pins("six @ " + SIX + " ; sys_platform == 'win32' " + HASH + "\n")).isEqualTo("{}");
    assertThat(pins("own @ file:///wheels/own.tar.gz " + HASH + "\n"))
        .isEqualTo("{own=file:///wheels/own.tar.gz}");
    assertThat(problems("six @ " + SIX + "\n")).contains("has no hash for six");
    assertThat(problems("six==1.16.0 " + HASH + "\nsix @ " + SIX + " " + HASH))
        .contains("SLU-3401")
        .contains("pins six to 1.16.0 and to 1.17.0");
  }

  /** As `uv pip compile --universal` writes it: a version for each Python, under a marker. */
  @Test
  void aPackageMayBePinnedOnceForEachMarker() {
    String universal =
        """
        numpy==2.2.6 ; python_full_version < '3.11' \\
            HASH
        numpy==2.3.5 ; python_full_version >= '3.11' \\
            HASH \\
            HASH
            # via pandas
        pandas==2.3.3 HASH
        """;
    assertThat(pins(universal.replace("HASH", HASH))).isEqualTo("{pandas=2.3.3}");
    assertThat(problems("numpy==2.2.6 " + HASH + "\nnumpy==2.3.5 " + HASH + "\n"))
        .contains("SLU-3401");
  }

  @Test
  void whatComesFromVersionControlIsRefusedByThatName() {
    assertThat(problems("six @ git+https://github.com/benjaminp/six@65486e4 " + HASH + "\n"))
        .contains("takes six from version control (git+https), which no hash fixes")
        .contains("build a wheel of it");
  }

  @Test
  void anOptionIsToldWithItsLineAndWhatToDo() {
    assertThat(problems("# made by uv\n\n--index-url wheels\nsix==1 " + HASH))
        .contains("--> envs/tab.lock:3:1")
        .contains("holds the option `--index-url`")
        .contains("delete line 3")
        .contains("uv.toml");
  }

  @Test
  void theLineOfARequirementIsItsFirst() {
    assertThat(problems("six==1 \\\n  " + HASH + " \\\n  " + HASH + "\nattrs>=1\n"))
        .contains("tab.lock:4:1")
        .contains("does not pin attrs with ==");
  }

  @Test
  void lineEndsOfWindowsAndAByteOrderMarkChangeNothing() {
    String lock = "\uFEFF# made by uv\nsix==1.17.0 \\\n    " + HASH + "\n";
    assertThat(pins(lock.replace("\n", "\r\n"))).isEqualTo("{six=1.17.0}");
    assertThat(LockFile.plain(lock.replace("\n", "\r\n"))).isEqualTo(lock.substring(1));
  }

  private static String pins(String lock) {
    return LockFile.pins(
            new EnvironmentRequest("tab", "3.11", "envs/tab.lock", lock, Optional.empty()))
        .toString();
  }

  private static String problems(String lock) {
    List<Diagnostic> found = LockFile.problems("tab", "envs/tab.lock", lock);
    assertThat(found).isNotEmpty();
    return DiagnosticRenderer.plain().render(found);
  }
}
