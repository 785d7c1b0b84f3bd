package io.sluice.serving.predict;

import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.Tensors;
import java.util.List;

/**
 * What the model said, and under which id.
 *
 * @param output as {@link io.sluice.inference.Predictor#predict} gives it
 * @param receipt what the ledger did with the prediction
 * @param repeated whether an earlier request with the same key made it
 */
public record Answered(
    Prediction prediction, List<Tensors.Tensor> output, Ledger.Receipt receipt, boolean repeated) {
  public Answered {
    output = List.copyOf(output);
  }
}
