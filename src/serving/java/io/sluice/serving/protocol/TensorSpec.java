package io.sluice.serving.protocol;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A tensor that the protocol shows: its first dimension is the batch, and open.
 *
 * @param inner the dimensions after the batch
 */
record TensorSpec(String name, Datatype type, List<Integer> inner) {
  TensorSpec {
    inner = List.copyOf(inner);
  }

  /** Elements of one row. */
  int width() {
    return inner.stream().reduce(1, Math::multiplyExact);
  }

  /** The shape for so many rows; -1 leaves the batch open. */
  long[] shape(long rows) {
    return LongStream.concat(LongStream.of(rows), inner.stream().mapToLong(i -> i)).toArray();
  }

  String shapeText(long rows) {
    return Arrays.toString(shape(rows));
  }
}
