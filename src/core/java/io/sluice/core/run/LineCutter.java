package io.sluice.core.run;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Turns whatever bytes a program writes, binary streams too, into lines fit to be shown: UTF-8 with
 * undecodable bytes replaced, terminal sequences and control characters (but tabs) removed, cut at
 * {@link #MAX_BYTES} bytes. A line ends at LF, CR LF or CR (so that a progress bar becomes lines).
 * One thread at a time; {@link #close} hands over an unfinished line.
 */
public final class LineCutter extends OutputStream {
  /** The longest line in bytes as written; longer ones are split at a character. */
  public static final int MAX_BYTES = 16 * 1024;

  private static final Pattern TERMINAL_SEQUENCE =
      Pattern.compile(
          "\\u001B(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007\\u001B]*(?:\\u0007|\\u001B\\\\)?)");

  private final Consumer<String> lines;
  private final byte[] line = new byte[MAX_BYTES];
  private int length;
  private boolean afterReturn;

  public LineCutter(Consumer<String> lines) {
    this.lines = lines;
  }

  @Override
  public synchronized void write(int b) {
    if (b == '\n') {
      if (!afterReturn) {
        emit(length);
      }
      afterReturn = false;
    } else if (b == '\r') {
      emit(length);
      afterReturn = true;
    } else {
      afterReturn = false;
      if (length == MAX_BYTES) {
        emit(characterBoundary());
      }
      line[length++] = (byte) b;
    }
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int count) {
    for (int i = offset; i < offset + count; i++) {
      write(bytes[i] & 0xff);
    }
  }

  @Override
  public synchronized void close() {
    if (length > 0) {
      emit(length);
    }
  }

  /** Where the full buffer may be cut without tearing a character. */
  private int characterBoundary() {
    int start = length;
    for (int back = 1; back <= 3; back++) {
      int b = line[length - back] & 0xff;
      if (b < 0x80) {
        break;
      }
      if (b >= 0xc0) {
        int wanted = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
        start = wanted > back ? length - back : length;
        break;
      }
    }
    return start;
  }

  private void emit(int upTo) {
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPLACE)
              .onUnmappableCharacter(CodingErrorAction.REPLACE)
              .decode(ByteBuffer.wrap(line, 0, upTo))
              .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalStateException("a decoder that replaces does not throw", e);
    }
    System.arraycopy(line, upTo, line, 0, length - upTo);
    length -= upTo;
    lines.accept(clean(text));
  }

  private static String clean(String text) {
    if (text.chars().noneMatch(LineCutter::unfit)) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    TERMINAL_SEQUENCE
        .matcher(text)
        .replaceAll("")
        .chars()
        .filter(c -> !unfit(c))
        .forEach(c -> out.append((char) c));
    return out.toString();
  }

  /** Controls, and the marks that make a terminal show text in another order than it has. */
  private static boolean unfit(int c) {
    return (Character.isISOControl(c) && c != '\t')
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069);
  }
}
