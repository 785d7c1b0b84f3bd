package io.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private static final List<String> STORE =
      List.of("store", "--attempt", "0", "--command", "--attempt", "0");

  @Test
  void thePodOfARetrySaysWhichOneItIs() {
    assertThat(Retries.counted(STORE, Map.of("HOSTNAME", "r-7-train-pod-retry12")))
        .containsExactly("store", "--attempt", "12", "--command", "--attempt", "0");
  }

  @Test
  void anyOtherNameChangesNothing() {
    for (String name : List.of("r-7-train-pod", "r-7-pod-retry1-x", "pod-retry0", "laptop", "")) {
      assertThat(Retries.counted(STORE, Map.of("HOSTNAME", name))).as(name).isEqualTo(STORE);
    }
    assertThat(Retries.counted(STORE, Map.of())).isEqualTo(STORE);
    List<String> without = List.of("receive", "--store", "/store");
    assertThat(Retries.counted(without, Map.of("HOSTNAME", "x-pod-retry1"))).isEqualTo(without);
    List<String> broken = List.of("store", "--attempt");
    assertThat(Retries.counted(broken, Map.of("HOSTNAME", "x-pod-retry1"))).isEqualTo(broken);
  }
}
