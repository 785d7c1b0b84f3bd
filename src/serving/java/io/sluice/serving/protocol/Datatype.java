package io.sluice.serving.protocol;

/**
 * The types of tensors that this service takes and gives, under the protocol's names.
 *
 * @see <a href="https://github.com/kserve/open-inference-protocol">Open Inference Protocol</a>
 */
enum Datatype {
  BOOL(1),
  INT64(8),
  FP32(4),
  FP64(8),
  /** Texts: in binary form each has its length as 32 bits before it. */
  BYTES(-1);

  /** Bytes of an element in binary form; -1 where elements differ. */
  final int size;

  Datatype(int size) {
    this.size = size;
  }
}
