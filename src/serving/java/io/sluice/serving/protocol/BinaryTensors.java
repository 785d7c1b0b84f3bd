package io.sluice.serving.protocol;

import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tensors in the form of the binary extension: elements row by row, little-endian; texts with their
 * length as 32 bits before each. A missing number is any NaN of IEEE 754.
 */
final class BinaryTensors {
  private BinaryTensors() {}

  /**
   * Reads a tensor.
   *
   * @param field where the request says how long it is
   * @throws ProblemException 400 when its length does not fit the shape
   */
  static Tensor read(TensorSpec spec, int rows, byte[] bytes, int at, int size, String field) {
    int n = Math.multiplyExact(rows, spec.width());
    if (spec.type().size > 0 && size != (long) n * spec.type().size) {
      throw wrong(
          field,
          "%d bytes for %d elements of %s".formatted(size, n, spec.type()),
          "%d bytes are wanted".formatted((long) n * spec.type().size));
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, at, size).slice().order(ByteOrder.LITTLE_ENDIAN);
    return switch (spec.type()) {
      case FP32 -> {
        float[] values = new float[n];
        in.asFloatBuffer().get(values);
        for (float value : values) {
          finite(field, Float.isInfinite(value));
        }
        yield new Tensor.Floats(spec.name(), rows, spec.width(), values);
      }
      case FP64 -> {
        double[] values = new double[n];
        in.asDoubleBuffer().get(values);
        for (double value : values) {
          finite(field, Double.isInfinite(value));
        }
        yield new Tensor.Doubles(spec.name(), rows, spec.width(), values);
      }
      case INT64 -> {
        long[] values = new long[n];
        in.asLongBuffer().get(values);
        yield new Tensor.Longs(spec.name(), rows, spec.width(), values);
      }
      case BOOL -> {
        boolean[] values = new boolean[n];
        for (int i = 0; i < n; i++) {
          byte value = in.get();
          if (value != 0 && value != 1) {
            throw wrong(field, "byte %d of a BOOL is %d".formatted(i, value), "0 or 1 is wanted");
          }
          values[i] = value == 1;
        }
        yield new Tensor.Flags(spec.name(), rows, spec.width(), values);
      }
      case BYTES -> {
        if (size < 4L * n) {
          throw wrong(
              field, "%d bytes for %d texts".formatted(size, n), "each has 4 bytes of length");
        }
        List<@Nullable String> values = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
          values.add(text(in, i, field));
        }
        if (in.hasRemaining()) {
          throw wrong(field, in.remaining() + " bytes follow the last text", "say the right size");
        }
        yield new Tensor.Texts(spec.name(), rows, spec.width(), values);
      }
    };
  }

  private static String text(ByteBuffer in, int number, String field) {
    int length = in.remaining() < 4 ? -1 : in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw wrong(
          field, "text %d is longer than the tensor".formatted(number), "say the right lengths");
    }
    ByteBuffer utf8 = in.slice(in.position(), length);
    in.position(in.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
    } catch (CharacterCodingException e) {
      throw wrong(field, "text %d is not UTF-8".formatted(number), "texts are UTF-8");
    }
  }

  private static void finite(String field, boolean infinite) {
    if (infinite) {
      throw wrong(field, "the tensor holds an infinite number", "send NaN for a missing number");
    }
  }

  private static ProblemException wrong(String field, String what, String hint) {
    return Problem.at(field, 400, V2Request.BINARY, what, hint);
  }

  /** Writes a tensor. */
  static byte[] write(Tensor tensor) {
    return switch (tensor) {
      case Tensor.Floats t -> {
        byte[] out = new byte[Math.multiplyExact(t.values().length, Float.BYTES)];
        buffer(out).asFloatBuffer().put(t.values());
        yield out;
      }
      case Tensor.Doubles t -> {
        byte[] out = new byte[Math.multiplyExact(t.values().length, Double.BYTES)];
        buffer(out).asDoubleBuffer().put(t.values());
        yield out;
      }
      case Tensor.Longs t -> {
        byte[] out = new byte[Math.multiplyExact(t.values().length, Long.BYTES)];
        buffer(out).asLongBuffer().put(t.values());
        yield out;
      }
      case Tensor.Flags t -> {
        byte[] out = new byte[t.values().length];
        for (int i = 0; i < out.length; i++) {
          out[i] = (byte) (t.values()[i] ? 1 : 0);
        }
        yield out;
      }
      case Tensor.Texts t -> {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String text : t.values()) {
          byte[] utf8 = (text == null ? "" : text).getBytes(StandardCharsets.UTF_8);
          byte[] length = new byte[Integer.BYTES];
          buffer(length).putInt(utf8.length);
          out.writeBytes(length);
          out.writeBytes(utf8);
        }
        yield out.toByteArray();
      }
    };
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
