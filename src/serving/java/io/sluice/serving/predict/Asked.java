package io.sluice.serving.predict;

import io.sluice.core.serving.Tensors;
import java.util.List;

/**
 * What a request asks of a model, whatever form it came in.
 *
 * @param rows windows or rows, at least one
 * @param names of the rows, as the caller named them; empty where they have none
 * @param input as {@link io.sluice.inference.Predictor#predict} takes it
 */
public record Asked(int rows, List<String> names, List<Tensors.Tensor> input) {
  public Asked {
    names = List.copyOf(names);
    input = List.copyOf(input);
  }
}
