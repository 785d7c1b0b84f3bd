package io.sluice.inference;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the files that an ONNX model would have ONNX Runtime open besides itself (tensors with
 * external data), before ONNX Runtime sees the model. Walks the messages in which a tensor may lie
 * and skips all else. Field numbers: onnx.proto of ONNX, frozen by its compatibility promise.
 */
final class OnnxFile {
  /** Subgraphs within subgraphs; real models have two or three. */
  private static final int MAX_DEPTH = 100;

  private enum Message {
    MODEL,
    TRAINING,
    GRAPH,
    FUNCTION,
    NODE,
    ATTRIBUTE,
    SPARSE_TENSOR,
    TENSOR,
    EXTERNAL_ENTRY;

    @Nullable Message child(int field) {
      return switch (this) {
        case MODEL ->
            switch (field) {
              case 7 -> GRAPH;
              case 20 -> TRAINING;
              case 25 -> FUNCTION;
              default -> null;
            };
        case TRAINING -> field == 1 || field == 2 ? GRAPH : null;
        case GRAPH ->
            switch (field) {
              case 1 -> NODE;
              case 5 -> TENSOR;
              case 15 -> SPARSE_TENSOR;
              default -> null;
            };
        case FUNCTION -> field == 7 ? NODE : field == 11 ? ATTRIBUTE : null;
        case NODE -> field == 5 ? ATTRIBUTE : null;
        case ATTRIBUTE ->
            switch (field) {
              case 5, 10 -> TENSOR;
              case 6, 11 -> GRAPH;
              case 22, 23 -> SPARSE_TENSOR;
              default -> null;
            };
        case SPARSE_TENSOR -> field == 1 || field == 2 ? TENSOR : null;
        case TENSOR -> field == 13 ? EXTERNAL_ENTRY : null;
        case EXTERNAL_ENTRY -> null;
      };
    }
  }

  private OnnxFile() {}

  /**
   * The locations of external data, as the model writes them, sorted.
   *
   * @throws InvalidProtocolBufferException when the file is cut off or no protocol buffer at all
   */
  static Set<String> externalData(Path model) throws IOException {
    Set<String> found = new TreeSet<>();
    try (InputStream in = Files.newInputStream(model)) {
      CodedInputStream coded = CodedInputStream.newInstance(in, 1 << 16);
      coded.setSizeLimit(Integer.MAX_VALUE);
      walk(Message.MODEL, coded, 0, found);
    }
    return found;
  }

  private static void walk(Message message, CodedInputStream in, int depth, Set<String> found)
      throws IOException {
    if (depth > MAX_DEPTH) {
      throw new InvalidProtocolBufferException("graphs nested more than " + MAX_DEPTH + " deep");
    }
    String key = "";
    String value = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      boolean delimited = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      Message child = message.child(field);
      if (delimited && child != null) {
        int limit = in.pushLimit(in.readRawVarint32());
        walk(child, in, depth + 1, found);
        in.popLimit(limit);
      } else if (delimited && message == Message.EXTERNAL_ENTRY && field == 1) {
        key = in.readString();
      } else if (delimited && message == Message.EXTERNAL_ENTRY && field == 2) {
        value = in.readString();
      } else if (!in.skipField(tag)) {
        throw new InvalidProtocolBufferException("an end-group tag without a start");
      }
    }
    if (key.equals("location")) {
      found.add(value);
    }
  }
}
