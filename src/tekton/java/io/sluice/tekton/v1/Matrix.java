package io.sluice.tekton.v1;

import java.util.List;

/**
 * Fans a task of a pipeline out: one TaskRun for every combination of the values of these
 * parameters, none where one of them has no values.
 *
 * @param params each an array, or a reference to a whole one
 */
public record Matrix(List<Param> params) {
  public Matrix {
    params = List.copyOf(params);
  }
}
