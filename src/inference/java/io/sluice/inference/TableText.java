package io.sluice.inference;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * Decodes the bytes of a table, and refuses what no table holds, with its line: a byte order mark,
 * another encoding, another kind of file, a carriage return that ends no line. The JDK's reader
 * says neither the line nor what the bytes are.
 */
final class TableText extends Reader {
  private static final int BUFFER = 1 << 16;

  /** So many bytes tell one kind of file from another. */
  private static final int START = 64;

  /**
   * What a file that is not a table begins with (its bytes as characters), what that is, and what
   * to do.
   */
  private record Kind(String start, String what, String hint) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind(
              "\u00ef\u00bb\u00bf",
              "begins with a byte order mark, as `CSV UTF-8` of a spreadsheet does",
              "write UTF-8 without the mark: `sed -i '1s/^\\xEF\\xBB\\xBF//' FILE` removes it; a"
                  + " command writes the encoding utf-8, not utf-8-sig"),
          new Kind(
              "\u00ff\u00fe",
              "begins with FF FE: it is UTF-16",
              "write UTF-8: `iconv -f UTF-16 -t UTF-8 FILE`"),
          new Kind(
              "\u00fe\u00ff",
              "begins with FE FF: it is UTF-16",
              "write UTF-8: `iconv -f UTF-16 -t UTF-8 FILE`"),
          new Kind(
              "version https://git-lfs.github.com/spec/",
              "is a pointer of git-lfs and not the table that it points to",
              "`git lfs pull` before the run; where a commit is fetched, fetch its large files too"),
          new Kind("PAR1", "begins with PAR1: it is a Parquet file", "write it as CSV"),
          new Kind("\u001f\u008b", "begins with 1F 8B: it is compressed (gzip)", "unpack it"),
          new Kind(
              "PK\u0003\u0004",
              "begins with PK: it is a zip archive or a spreadsheet (.xlsx)",
              "unpack it, or save the sheet as CSV"),
          new Kind(
              "\u00d0\u00cf\u0011\u00e0",
              "begins with D0 CF: it is a spreadsheet (.xls)",
              "save the sheet as CSV"));

  private static final List<String> MARKUP = List.of("<!doctype", "<html", "<?xml");

  private final String name;
  private final InputStream in;
  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
  private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER).limit(0);
  private int line = 1;
  private boolean carriageReturn;
  private boolean ended;
  private boolean flushed;

  private TableText(InputStream in, String name) {
    this.in = in;
    this.name = name;
  }

  /**
   * Begins to read.
   *
   * @param name what messages call the file
   * @throws io.sluice.core.diag.SluiceException SLU-6021 when the file is of another kind
   */
  static TableText open(InputStream in, String name) throws IOException {
    TableText text = new TableText(in, name);
    while (!text.ended && text.bytes.remaining() < START) {
      text.fill();
    }
    text.refuseOtherKinds();
    return text;
  }

  private void refuseOtherKinds() {
    byte[] first = new byte[Math.min(START, bytes.remaining())];
    bytes.duplicate().get(first);
    String start = new String(first, StandardCharsets.ISO_8859_1);
    for (Kind kind : KINDS) {
      if (start.startsWith(kind.start)) {
        throw Refusal.of("SLU-6021", name + " " + kind.what, kind.hint + "; see docs/tables.md");
      }
    }
    String lower = start.strip().toLowerCase(Locale.ROOT);
    if (MARKUP.stream().anyMatch(lower::startsWith)) {
      throw Refusal.of(
          "SLU-6021",
          name + " begins with `<`: it is HTML or XML, perhaps an error page of a server",
          "let the command that fetches it fail when the server answers with an error; see"
              + " docs/tables.md");
    }
  }

  private void fill() throws IOException {
    bytes.compact();
    int n = in.read(bytes.array(), bytes.position(), bytes.remaining());
    if (n < 0) {
      ended = true;
    } else {
      bytes.position(bytes.position() + n);
    }
    bytes.flip();
  }

  @Override
  public int read(char[] target, int offset, int length) throws IOException {
    CharBuffer out = CharBuffer.wrap(target, offset, length);
    CoderResult result = CoderResult.UNDERFLOW;
    while (result.isUnderflow() && !flushed && out.position() == offset) {
      result = decoder.decode(bytes, out, ended);
      if (result.isUnderflow() && ended) {
        decoder.flush(out);
        flushed = true;
      } else if (result.isUnderflow()) {
        fill();
      }
    }
    look(target, offset, out.position());
    if (result.isError()) {
      throw wrong("is not UTF-8", "write UTF-8: `iconv -f LATIN1 -t UTF-8 FILE` from Latin-1");
    }
    if (flushed && carriageReturn) {
      throw loneCarriageReturn();
    }
    int count = out.position() - offset;
    return count == 0 && flushed ? -1 : count;
  }

  private void look(char[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      char c = text[i];
      if (carriageReturn && c != '\n') {
        throw loneCarriageReturn();
      }
      carriageReturn = c == '\r';
      if (c == '\n') {
        line++;
      } else if (c == 0) {
        throw wrong("holds a NUL byte", "a table is text in UTF-8; is it another kind of file?");
      }
    }
  }

  private RuntimeException loneCarriageReturn() {
    return wrong("has a carriage return that no line feed follows", "end lines by LF or CR LF");
  }

  private RuntimeException wrong(String what, String hint) {
    return Refusal.of(
        "SLU-6022", "%s, line %d %s".formatted(name, line, what), hint + "; see docs/tables.md");
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
