package io.sluice.core.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.serving.Tensors.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TensorsTest {
  private static final Tensors ALL =
      Tensors.of(
          new Tensor.Floats("window", 2, 3, new float[] {1, -0f, Float.NaN, 3.5f, 1e-30f, 7}),
          new Tensor.Longs("origin_day", 2, 1, new long[] {20_000, Long.MIN_VALUE}),
          new Tensor.Doubles("x", 1, 2, new double[] {Double.NaN, 0.1}),
          new Tensor.Flags("new", 3, 1, new boolean[] {true, false, true}),
          new Tensor.Texts("märket", 3, 1, Arrays.asList("north", null, "")));

  @Test
  void whatWasWrittenIsReadBack() {
    Tensors again = Tensors.read(ALL.bytes());
    assertThat(again).isEqualTo(ALL).hasSameHashCodeAs(ALL);
    assertThat(Tensors.of(again.tables().toArray(Tensor[]::new))).isEqualTo(ALL);
    assertThat(((Tensor.Floats) again.tables().get(0)).values())
        .containsExactly(1, -0f, Float.NaN, 3.5f, 1e-30f, 7);
    assertThat(((Tensor.Texts) again.tables().get(4)).values()).containsExactly("north", null, "");
    assertThat(again.tables().get(4).name()).isEqualTo("märket");
  }

  @Test
  void everyNanHasTheSameBytes() {
    float other = Float.intBitsToFloat(0x7fc0_1234);
    assertThat(Tensors.of(new Tensor.Floats("a", 1, 1, new float[] {other})).digest())
        .isEqualTo(Tensors.of(new Tensor.Floats("a", 1, 1, new float[] {Float.NaN})).digest());
  }

  @Test
  void anotherShapeOrNameOrTypeIsAnotherDigest() {
    Tensors one = Tensors.of(new Tensor.Floats("a", 2, 3, new float[6]));
    assertThat(one.digest())
        .isNotEqualTo(Tensors.of(new Tensor.Floats("a", 3, 2, new float[6])).digest())
        .isNotEqualTo(Tensors.of(new Tensor.Floats("b", 2, 3, new float[6])).digest())
        .isNotEqualTo(Tensors.of(new Tensor.Doubles("a", 1, 3, new double[3])).digest());
  }

  @Test
  void anExampleHasTheseBytesForEver() {
    Tensors example =
        Tensors.of(
            new Tensor.Floats("w", 1, 2, new float[] {1f, Float.NaN}),
            new Tensor.Longs("d", 1, 1, new long[] {20_787}));
    assertThat(java.util.HexFormat.of().formatHex(example.bytes()))
        .isEqualTo(
            "5431"
                + "02"
                + "01017701020000803f0000c07f"
                + "030164010133510000000000 00".replace(" ", ""));
  }

  @Test
  void manyTextsMakeItGrow() {
    String[] texts = new String[10_000];
    Arrays.fill(texts, "a text that is longer than what was reserved for it");
    Tensors all = Tensors.of(new Tensor.Texts("t", 10_000, 1, Arrays.asList(texts)));
    assertThat(((Tensor.Texts) all.tables().getFirst()).values()).containsExactly(texts);
  }

  @Test
  void aTableWithoutAllItsValuesIsRefused() {
    assertThatThrownBy(() -> Tensors.of(new Tensor.Floats("a", 2, 3, new float[5])))
        .hasMessage("5 values for a of 2 rows and width 3");
  }

  @Test
  void damagedBytesAreRefusedWhateverIsChanged() {
    byte[] good = ALL.bytes();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> Tensors.read(cut)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> Tensors.read(Arrays.copyOf(good, good.length + 1)))
        .hasMessage("1 bytes behind the tables");
    Random random = new Random(11);
    for (int i = 0; i < 5_000; i++) {
      byte[] changed = good.clone();
      for (int k = 0; k < 3; k++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      try {
        Tensors.read(changed).tables();
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageNotContaining("Exception");
      }
    }
  }
}
