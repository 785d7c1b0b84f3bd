package io.sluice.core.serving;

import io.sluice.core.artifact.Digest;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model was given, or what it answered: tables of values by name, in one form of bytes.
 * Equal values have equal bytes, whatever the request looked like that brought them, so that a
 * digest over the bytes names the input. Every missing number has the same bits.
 *
 * <p>The bytes: {@code T1}, the number of tables, and for each of them its type, name, rows, width
 * and values, row by row and little-endian. Counts and lengths are varints (LEB128). A text is its
 * length plus one and its UTF-8 bytes; the length zero is a missing text.
 */
public final class Tensors {
  private static final byte[] MAGIC = {'T', '1'};

  /** One table. {@code values} has {@code rows * width} of them, row by row. */
  @SuppressWarnings("ArrayRecordComponent") // tensors; equality is that of the bytes
  public sealed interface Tensor {
    String name();

    int rows();

    int width();

    /** 32-bit numbers, NaN = missing. */
    record Floats(String name, int rows, int width, float[] values) implements Tensor {}

    /** 64-bit numbers, NaN = missing. */
    record Doubles(String name, int rows, int width, double[] values) implements Tensor {}

    /** Whole numbers. */
    record Longs(String name, int rows, int width, long[] values) implements Tensor {}

    /** Truth values. */
    record Flags(String name, int rows, int width, boolean[] values) implements Tensor {}

    /** Texts, {@code null} = missing. */
    record Texts(String name, int rows, int width, List<@Nullable String> values)
        implements Tensor {}
  }

  private final byte[] bytes;

  private Tensors(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The tables in this order.
   *
   * @throws IllegalArgumentException when a table does not have {@code rows * width} values
   */
  public static Tensors of(Tensor... tables) {
    Writer out = new Writer(tables);
    out.bytes(MAGIC);
    out.count(tables.length);
    for (Tensor table : tables) {
      write(table, out);
    }
    return new Tensors(out.end());
  }

  private static void write(Tensor table, Writer out) {
    out.count(type(table));
    out.text(table.name());
    out.count(table.rows());
    out.count(table.width());
    long size = (long) table.rows() * table.width();
    if (table.rows() < 0 || table.width() < 0 || size != values(table)) {
      throw new IllegalArgumentException(
          "%d values for %s of %d rows and width %d"
              .formatted(values(table), table.name(), table.rows(), table.width()));
    }
    switch (table) {
      case Tensor.Floats t -> {
        for (float value : t.values()) {
          out.buffer.putInt(Float.floatToIntBits(value));
        }
      }
      case Tensor.Doubles t -> {
        for (double value : t.values()) {
          out.buffer.putLong(Double.doubleToLongBits(value));
        }
      }
      case Tensor.Longs t -> {
        for (long value : t.values()) {
          out.buffer.putLong(value);
        }
      }
      case Tensor.Flags t -> {
        for (boolean value : t.values()) {
          out.buffer.put((byte) (value ? 1 : 0));
        }
      }
      case Tensor.Texts t -> {
        for (String value : t.values()) {
          out.optional(value);
        }
      }
    }
  }

  private static int type(Tensor table) {
    return switch (table) {
      case Tensor.Floats t -> 1;
      case Tensor.Doubles t -> 2;
      case Tensor.Longs t -> 3;
      case Tensor.Flags t -> 4;
      case Tensor.Texts t -> 5;
    };
  }

  private static int values(Tensor table) {
    return switch (table) {
      case Tensor.Floats t -> t.values().length;
      case Tensor.Doubles t -> t.values().length;
      case Tensor.Longs t -> t.values().length;
      case Tensor.Flags t -> t.values().length;
      case Tensor.Texts t -> t.values().size();
    };
  }

  /**
   * Takes the bytes of {@link #bytes}.
   *
   * @throws IllegalArgumentException when they are not those of tables
   */
  public static Tensors read(byte[] bytes) {
    Tensors read = new Tensors(bytes.clone());
    read.tables();
    return read;
  }

  /** The tables, in the order in which they were given. */
  public List<Tensor> tables() {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    try {
      if (in.get() != MAGIC[0] || in.get() != MAGIC[1]) {
        throw new IllegalArgumentException("not tables of this form: they do not begin with T1");
      }
      int tables = count(in);
      List<Tensor> all = new ArrayList<>();
      for (int i = 0; i < tables; i++) {
        all.add(table(in));
      }
      if (in.hasRemaining()) {
        throw new IllegalArgumentException(in.remaining() + " bytes behind the tables");
      }
      return List.copyOf(all);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("the tables end early", e);
    }
  }

  private static Tensor table(ByteBuffer in) {
    int type = count(in);
    String name = text(in, count(in));
    int rows = count(in);
    int width = count(in);
    long size = (long) rows * width;
    int least = type == 1 ? 4 : type == 2 || type == 3 ? 8 : 1;
    if (size * least > in.remaining()) {
      throw new IllegalArgumentException("the tables end early");
    }
    int n = (int) size;
    return switch (type) {
      case 1 -> {
        float[] values = new float[n];
        in.asFloatBuffer().get(values);
        in.position(in.position() + 4 * n);
        yield new Tensor.Floats(name, rows, width, values);
      }
      case 2 -> {
        double[] values = new double[n];
        in.asDoubleBuffer().get(values);
        in.position(in.position() + 8 * n);
        yield new Tensor.Doubles(name, rows, width, values);
      }
      case 3 -> {
        long[] values = new long[n];
        in.asLongBuffer().get(values);
        in.position(in.position() + 8 * n);
        yield new Tensor.Longs(name, rows, width, values);
      }
      case 4 -> {
        boolean[] values = new boolean[n];
        for (int i = 0; i < n; i++) {
          values[i] = in.get() != 0;
        }
        yield new Tensor.Flags(name, rows, width, values);
      }
      case 5 -> {
        List<@Nullable String> values = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
          int length = count(in);
          values.add(length == 0 ? null : text(in, length - 1));
        }
        yield new Tensor.Texts(name, rows, width, values);
      }
      default -> throw new IllegalArgumentException("a table of the unknown type " + type);
    };
  }

  private static String text(ByteBuffer in, int length) {
    if (length > in.remaining()) {
      throw new IllegalArgumentException("the tables end early");
    }
    byte[] utf8 = new byte[length];
    in.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static int count(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        if (value > Integer.MAX_VALUE) {
          break;
        }
        return (int) value;
      }
    }
    throw new IllegalArgumentException("a count of more than 2147483647");
  }

  /** The bytes, which {@link #read} takes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** How many bytes there are. */
  public int size() {
    return bytes.length;
  }

  /** The digest of the bytes. */
  public Digest digest() {
    return Digest.of(bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Tensors tensors && Arrays.equals(bytes, tensors.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "tables of " + bytes.length + " bytes, " + digest();
  }

  /** Bytes under construction; large enough for everything but texts, which make it grow. */
  private static final class Writer {
    private ByteBuffer buffer;

    Writer(Tensor... tables) {
      long size = MAGIC.length + 5L;
      for (Tensor table : tables) {
        int each =
            switch (table) {
              case Tensor.Floats t -> Float.BYTES;
              case Tensor.Doubles t -> Double.BYTES;
              case Tensor.Longs t -> Long.BYTES;
              case Tensor.Flags t -> 1;
              case Tensor.Texts t -> 8;
            };
        size += 20 + 3L * table.name().length() + (long) each * values(table);
      }
      buffer = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void room(int bytes) {
      if (buffer.remaining() < bytes) {
        int size = Math.max(Math.addExact(buffer.position(), bytes), buffer.capacity() * 2);
        buffer =
            ByteBuffer.allocate(size)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(buffer.array(), 0, buffer.position());
      }
    }

    void bytes(byte[] some) {
      room(some.length);
      buffer.put(some);
    }

    void count(int value) {
      room(5);
      int rest = value;
      while (rest >>> 7 != 0) {
        buffer.put((byte) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      buffer.put((byte) rest);
    }

    void text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      count(utf8.length);
      bytes(utf8);
    }

    void optional(@Nullable String text) {
      if (text == null) {
        count(0);
        return;
      }
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      count(Math.addExact(utf8.length, 1));
      bytes(utf8);
    }

    byte[] end() {
      return Arrays.copyOf(buffer.array(), buffer.position());
    }
  }
}
