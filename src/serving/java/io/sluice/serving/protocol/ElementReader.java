package io.sluice.serving.protocol;

import com.fasterxml.jackson.core.JsonToken;
import io.sluice.core.serving.Tensors.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the member {@code data} of a tensor into primitives: flat, or nested as the shape is. Lists
 * of different lengths at one depth are refused, which would else shift all that follows.
 */
final class ElementReader {
  private static final int MAX_DEPTH = 8;

  private final TensorSpec spec;
  private final long most;
  private final int[] lengths = new int[MAX_DEPTH + 1];
  private final int[] counts = new int[MAX_DEPTH + 1];
  private int depth;
  private int deepest;
  private int size;
  private float[] floats = new float[0];
  private double[] doubles = new double[0];
  private long[] longs = new long[0];
  private boolean[] flags = new boolean[0];
  private final List<@Nullable String> texts = new ArrayList<>();

  /**
   * @param maxRows most rows of the batch
   */
  ElementReader(TensorSpec spec, int maxRows) {
    this.spec = spec;
    this.most = (long) maxRows * spec.width();
    Arrays.fill(lengths, -1);
    resize(spec.width());
  }

  /** Reads the current value of a body. */
  void read(Body body) throws IOException {
    body.list();
    do {
      JsonToken token = body.token();
      switch (token) {
        case START_ARRAY -> {
          if (size > 0 && deepest == depth) {
            throw ragged(body);
          }
          if (depth == MAX_DEPTH) {
            throw body.wrong("lists are nested more than 8 deep", "nest them as the shape is");
          }
          depth++;
          counts[depth] = 0;
        }
        case END_ARRAY -> {
          if (lengths[depth] >= 0 && lengths[depth] != counts[depth]) {
            throw ragged(body);
          }
          lengths[depth] = counts[depth];
          depth--;
          counts[depth]++;
        }
        default -> {
          if (size == 0) {
            deepest = depth;
          } else if (depth != deepest) {
            throw ragged(body);
          }
          element(body);
          counts[depth]++;
        }
      }
    } while (depth > 0 && body.next() != null);
  }

  private static io.sluice.serving.predict.ProblemException ragged(Body body) {
    return body.wrong(
        "SLU-9212",
        "the lists of this tensor differ in length or depth",
        "nest them as the shape is, or send one flat list");
  }

  private void element(Body body) throws IOException {
    if (size == most) {
      throw body.wrong(
          "SLU-9212", "there are more than %d elements".formatted(most), "send fewer rows at once");
    }
    if (size == length()) {
      resize((int) Math.min(most, Math.max(16, size * 2L)));
    }
    switch (spec.type()) {
      case FP32 -> floats[size] = body.floatOrMissing();
      case FP64 -> doubles[size] = body.numberOrMissing();
      case INT64 -> longs[size] = body.whole();
      case BOOL -> flags[size] = body.flag();
      case BYTES -> texts.add(body.text());
    }
    size++;
  }

  private int length() {
    return switch (spec.type()) {
      case FP32 -> floats.length;
      case FP64 -> doubles.length;
      case INT64 -> longs.length;
      case BOOL -> flags.length;
      case BYTES -> Integer.MAX_VALUE;
    };
  }

  private void resize(int length) {
    switch (spec.type()) {
      case FP32 -> floats = Arrays.copyOf(floats, length);
      case FP64 -> doubles = Arrays.copyOf(doubles, length);
      case INT64 -> longs = Arrays.copyOf(longs, length);
      case BOOL -> flags = Arrays.copyOf(flags, length);
      case BYTES -> {}
    }
  }

  int size() {
    return size;
  }

  /** Whether the lists are flat, or nested as this shape is. */
  boolean fits(long[] shape) {
    if (deepest <= 1) {
      return true;
    }
    if (deepest != shape.length) {
      return false;
    }
    for (int d = 0; d < shape.length; d++) {
      if (lengths[d + 1] != shape[d]) {
        return false;
      }
    }
    return true;
  }

  /** What was read, once it is known that it is so many whole rows. */
  Tensor tensor(int rows) {
    if (size != length()) {
      resize(size);
    }
    String name = spec.name();
    int width = spec.width();
    return switch (spec.type()) {
      case FP32 -> new Tensor.Floats(name, rows, width, floats);
      case FP64 -> new Tensor.Doubles(name, rows, width, doubles);
      case INT64 -> new Tensor.Longs(name, rows, width, longs);
      case BOOL -> new Tensor.Flags(name, rows, width, flags);
      case BYTES -> new Tensor.Texts(name, rows, width, texts);
    };
  }
}
