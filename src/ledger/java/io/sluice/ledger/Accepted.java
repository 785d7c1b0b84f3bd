package io.sluice.ledger;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Counts the predictions whose answers left before they were written, in memory that outlives the
 * process: a file that is mapped. The database counts those that are settled, so that the next
 * start knows how many a sudden end lost. A machine that loses its power may lose the last counts
 * too.
 */
final class Accepted {
  private static final int ID = 16;
  private static final VarHandle COUNT =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] id;
  private final MappedByteBuffer memory;

  private Accepted(byte[] id, MappedByteBuffer memory) {
    this.id = id;
    this.memory = memory;
  }

  /**
   * Opens the file, or makes it.
   *
   * @param fresh names a new file, so that its count is never held against another's
   */
  static Accepted open(Path file, byte[] fresh) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      boolean there = channel.size() == ID + Long.BYTES;
      MappedByteBuffer memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, ID + Long.BYTES);
      if (!there) {
        memory.put(0, fresh, 0, ID);
        COUNT.setVolatile((ByteBuffer) memory, ID, 0L);
      }
      byte[] id = new byte[ID];
      memory.get(0, id);
      return new Accepted(id, memory);
    }
  }

  byte[] id() {
    return id.clone();
  }

  long count() {
    return (long) COUNT.getVolatile((ByteBuffer) memory, ID);
  }

  void add(long more) {
    COUNT.getAndAdd((ByteBuffer) memory, ID, more);
  }
}
