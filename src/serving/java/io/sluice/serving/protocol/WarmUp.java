package io.sluice.serving.protocol;

import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.inference.Predictor;
import java.util.ArrayList;
import java.util.List;

/**
 * Has a model compute before anybody asks it, alone and in a batch: the first calls of a model cost
 * many times what later ones do.
 */
public final class WarmUp {
  private static final int ALONE = 200;
  private static final int TOGETHER = 5;
  private static final int BATCH = 64;

  private WarmUp() {}

  /**
   * Runs windows and rows of zeros through a model. One that takes texts is left as its probe has
   * warmed it: which texts it takes, its signature does not say.
   */
  public static void of(Predictor model) {
    ModelForm form = ModelForm.of(model.signature());
    if (form.inputs().stream().anyMatch(i -> i.type() == Datatype.BYTES)) {
      return;
    }
    for (int i = 0; i < ALONE; i++) {
      model.predict(form.tables(zeros(form, 1)));
    }
    for (int i = 0; i < TOGETHER; i++) {
      model.predict(form.tables(zeros(form, BATCH)));
    }
  }

  private static List<Tensor> zeros(ModelForm form, int rows) {
    List<Tensor> tensors = new ArrayList<>();
    for (TensorSpec spec : form.inputs()) {
      int n = rows * spec.width();
      String name = spec.name();
      tensors.add(
          switch (spec.type()) {
            case FP32 -> new Tensor.Floats(name, rows, spec.width(), new float[n]);
            case FP64 -> new Tensor.Doubles(name, rows, spec.width(), new double[n]);
            case INT64 -> new Tensor.Longs(name, rows, spec.width(), new long[n]);
            case BOOL -> new Tensor.Flags(name, rows, spec.width(), new boolean[n]);
            case BYTES -> throw new IllegalStateException("a model of texts");
          });
    }
    return tensors;
  }
}
