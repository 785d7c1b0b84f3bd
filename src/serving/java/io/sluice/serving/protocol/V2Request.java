package io.sluice.serving.protocol;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.serving.predict.Asked;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An inference request of the Open Inference Protocol V2, as JSON or with binary tensors behind it.
 *
 * @param id that the answer repeats
 * @param outputs that the answer has; the model's own where the request names none
 */
record V2Request(Optional<String> id, Asked asked, List<Wanted> outputs) {
  static final String SHAPE = "SLU-9212";
  static final String NAME = "SLU-9213";
  static final String BINARY = "SLU-9214";

  private static final List<String> MEMBERS = List.of("id", "parameters", "inputs", "outputs");
  private static final List<String> INPUT =
      List.of("name", "shape", "datatype", "parameters", "data");
  private static final List<String> OUTPUT = List.of("name", "parameters");
  private static final int MAX_ID = 200;

  /**
   * An output that is wanted.
   *
   * @param binary whether it is to come behind the JSON of the answer
   */
  record Wanted(TensorSpec spec, boolean binary) {}

  V2Request {
    outputs = List.copyOf(outputs);
  }

  /**
   * Reads a request for this model.
   *
   * @param json how many bytes at the start are JSON; empty when all are
   * @throws ProblemException 400: what is wrong, and where
   */
  static V2Request read(byte[] body, Optional<Integer> json, ModelForm model, int maxRows) {
    int length = json.orElse(body.length);
    if (json.isPresent() && (length < 1 || length > body.length)) {
      throw Problem.at(
          "Inference-Header-Content-Length",
          400,
          BINARY,
          "the header says %d bytes of JSON, and the body has %d".formatted(length, body.length),
          "say how many bytes of the body are JSON; the tensors follow them");
    }
    Parts parts = new Parts(body, length, json.isPresent(), model, maxRows);
    Body.read(body, 0, length, parts::read);
    return parts.request();
  }

  /** What a request says of one input. */
  private static final class Input {
    final String at;
    @Nullable String name;
    @Nullable String datatype;
    long @Nullable [] shape;
    OptionalLong binary = OptionalLong.empty();
    int dataAt = -1;
    @Nullable ElementReader data;

    Input(int number) {
      at = "/inputs/" + number;
    }
  }

  /** A request under construction. */
  private static final class Parts {
    private final byte[] bytes;
    private final int json;
    private final boolean binary;
    private final ModelForm model;
    private final int maxRows;
    private Optional<String> id = Optional.empty();
    private boolean binaryOutput;
    private final List<Input> inputs = new ArrayList<>();
    private final List<TensorSpec> outputs = new ArrayList<>();
    private final List<Optional<Boolean>> outputBinary = new ArrayList<>();

    Parts(byte[] bytes, int json, boolean binary, ModelForm model, int maxRows) {
      this.bytes = bytes;
      this.json = json;
      this.binary = binary;
      this.model = model;
      this.maxRows = maxRows;
    }

    Parts read(Body body) throws IOException {
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        if (body.isNull()) {
          continue; // clients that write every member they know
        }
        switch (member) {
          case "id" -> {
            String text = body.text();
            if (text.length() > MAX_ID) {
              throw body.wrong("an id has at most 200 characters", "take a shorter one");
            }
            id = Optional.of(text);
          }
          case "parameters" -> parameters(body);
          case "inputs" -> {
            body.list();
            while (body.element()) {
              input(body);
            }
          }
          case "outputs" -> {
            body.list();
            while (body.element()) {
              output(body);
            }
          }
          default -> throw body.unknown(member, MEMBERS);
        }
      }
      return this;
    }

    /** Parameters are open: a client may send some that mean something to other servers. */
    private void parameters(Body body) throws IOException {
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        switch (member) {
          case "binary_data_output" -> binaryOutput = body.flag();
          case "sequence_id", "sequence_start", "sequence_end" ->
              throw body.wrong(
                  "this service keeps no sequences of requests", "leave out " + member);
          default -> body.skip();
        }
      }
    }

    private void input(Body body) throws IOException {
      if (inputs.size() == model.inputs().size()) {
        throw body.wrong(
            NAME,
            "the model has %d inputs, and here is one more".formatted(inputs.size()),
            "send each input once: " + names(model.inputs()));
      }
      Input input = new Input(inputs.size());
      inputs.add(input);
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        switch (member) {
          case "name" -> {
            input.name = body.text();
            if (model.input(input.name) < 0) {
              throw body.wrong(
                  NAME,
                  "the model has no input `" + input.name + "`",
                  DidYouMean.hint(
                      model.inputs().stream().map(TensorSpec::name).toList(), input.name));
            }
            String name = input.name;
            if (inputs.stream().anyMatch(i -> i != input && name.equals(i.name))) {
              throw body.wrong(
                  NAME, "input `" + input.name + "` is there twice", "send each input once");
            }
          }
          case "datatype" -> input.datatype = body.text();
          case "shape" -> input.shape = shape(body);
          case "parameters" -> {
            if (!body.isNull()) {
              inputParameters(body, input);
            }
          }
          case "data" -> {
            if (input.name == null) {
              input.dataAt = body.offset(); // its type is not known yet
              body.skip();
            } else {
              input.data = new ElementReader(spec(input), maxRows);
              input.data.read(body);
            }
          }
          default -> throw body.unknown(member, INPUT);
        }
      }
      if (input.name == null) {
        throw body.wrong("the input has no name", "one of " + names(model.inputs()));
      }
      if (input.dataAt >= 0) {
        input.data = new ElementReader(spec(input), maxRows);
        ElementReader data = input.data;
        Body.reread(
            bytes,
            input.dataAt,
            json - input.dataAt,
            again -> {
              data.read(again);
              return data;
            });
      }
    }

    private TensorSpec spec(Input input) {
      return model.inputs().get(model.input(String.valueOf(input.name)));
    }

    private static long[] shape(Body body) throws IOException {
      long[] shape = new long[8];
      int n = 0;
      body.list();
      while (body.element()) {
        long size = body.whole();
        if (size < 0 || size > Integer.MAX_VALUE || n == shape.length) {
          throw body.wrong(SHAPE, "this is not the size of a dimension", "write all sizes out");
        }
        shape[n++] = size;
      }
      return Arrays.copyOf(shape, n);
    }

    private void inputParameters(Body body, Input input) throws IOException {
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        if (member.equals("binary_data_size")) {
          long size = body.whole();
          if (!binary) {
            throw body.wrong(
                BINARY,
                "the request has no header Inference-Header-Content-Length",
                "say there how many bytes of the body are JSON");
          }
          if (size < 0 || size > bytes.length - json) {
            throw body.wrong(
                BINARY,
                "%d bytes, and %d follow the JSON".formatted(size, bytes.length - json),
                "say how many bytes of this tensor follow the JSON");
          }
          input.binary = OptionalLong.of(size);
        } else {
          body.skip();
        }
      }
    }

    private void output(Body body) throws IOException {
      List<TensorSpec> known =
          Stream.concat(model.outputs().stream(), ModelForm.EXTRA.stream()).toList();
      Optional<TensorSpec> found = Optional.empty();
      Optional<Boolean> asBinary = Optional.empty();
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        switch (member) {
          case "name" -> {
            String name = body.text();
            found = known.stream().filter(s -> s.name().equals(name)).findFirst();
            if (found.isEmpty()) {
              throw body.wrong(
                  NAME,
                  "the model has no output `" + name + "`",
                  DidYouMean.hint(known.stream().map(TensorSpec::name).toList(), name));
            }
            if (outputs.contains(found.get())) {
              throw body.wrong(
                  NAME, "output `" + name + "` is asked for twice", "name each output once");
            }
          }
          case "parameters" -> {
            if (!body.isNull()) {
              asBinary = outputParameters(body);
            }
          }
          default -> throw body.unknown(member, OUTPUT);
        }
      }
      outputs.add(
          found.orElseThrow(() -> body.wrong("the output has no name", "one of " + names(known))));
      outputBinary.add(asBinary);
    }

    private static Optional<Boolean> outputParameters(Body body) throws IOException {
      Optional<Boolean> binary = Optional.empty();
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        switch (member) {
          case "binary_data" -> binary = Optional.of(body.flag());
          case "classification" ->
              throw body.wrong(
                  "this service ranks no classes", "take the output as it is, without this");
          default -> body.skip();
        }
      }
      return binary;
    }

    V2Request request() {
      for (TensorSpec spec : model.inputs()) {
        if (inputs.stream().noneMatch(i -> spec.name().equals(i.name))) {
          throw Problem.at(
              "/inputs",
              400,
              NAME,
              "input `" + spec.name() + "` is missing",
              "send %s %s of shape %s".formatted(spec.name(), spec.type(), spec.shapeText(-1)));
        }
      }
      int rows = Math.toIntExact(rows(inputs.getFirst()));
      Tensor[] tensors = new Tensor[inputs.size()];
      int at = json;
      for (Input input : inputs) {
        TensorSpec spec = spec(input);
        check(input, spec, rows);
        Tensor tensor;
        if (input.binary.isPresent()) {
          int size = Math.toIntExact(input.binary.getAsLong());
          if (size > bytes.length - at) {
            throw Problem.at(
                input.at + "/parameters/binary_data_size",
                400,
                BINARY,
                "the tensors together are longer than the body",
                "the sizes of all tensors are what follows the JSON");
          }
          tensor = BinaryTensors.read(spec, rows, bytes, at, size, input.at);
          at += size;
        } else {
          tensor = inJson(input, spec, rows);
        }
        tensors[model.input(spec.name())] = tensor;
      }
      if (at != bytes.length) {
        throw Problem.of(
            400,
            BINARY,
            "%d bytes follow the tensors".formatted(bytes.length - at),
            "`binary_data_size` of all inputs together is what follows the JSON");
      }
      List<Wanted> wanted = new ArrayList<>();
      List<TensorSpec> specs = outputs.isEmpty() ? model.outputs() : outputs;
      for (int i = 0; i < specs.size(); i++) {
        boolean own = outputs.isEmpty() ? binaryOutput : outputBinary.get(i).orElse(binaryOutput);
        wanted.add(new Wanted(specs.get(i), own));
      }
      return new V2Request(id, new Asked(rows, List.of(), model.tables(List.of(tensors))), wanted);
    }

    private long rows(Input first) {
      long[] shape = first.shape;
      if (shape == null || shape.length == 0 || shape[0] < 1 || shape[0] > maxRows) {
        throw Problem.at(
            first.at + "/shape",
            400,
            SHAPE,
            shape == null || shape.length == 0
                ? "the shape is missing"
                : "a batch of %d rows".formatted(shape[0]),
            "its first dimension is the batch: 1 to %d rows at once".formatted(maxRows));
      }
      return shape[0];
    }

    private static void check(Input input, TensorSpec spec, int rows) {
      if (!spec.type().name().equals(input.datatype)) {
        throw Problem.at(
            input.at + "/datatype",
            400,
            SHAPE,
            "`%s` is %s, not %s"
                .formatted(
                    spec.name(),
                    spec.type(),
                    input.datatype == null ? "left out" : "`" + input.datatype + "`"),
            "send it as " + spec.type());
      }
      if (input.shape == null || !Arrays.equals(input.shape, spec.shape(rows))) {
        throw Problem.at(
            input.at + "/shape",
            400,
            SHAPE,
            "`%s` of %d rows has the shape %s, not %s"
                .formatted(spec.name(), rows, spec.shapeText(rows), Arrays.toString(input.shape)),
            "the first dimension is the same for all inputs");
      }
      if (input.binary.isPresent() == (input.data != null)) {
        throw Problem.at(
            input.at,
            400,
            BINARY,
            input.data == null
                ? "the input has neither `data` nor `binary_data_size`"
                : "the input has both `data` and `binary_data_size`",
            "send its elements once");
      }
    }

    private static Tensor inJson(Input input, TensorSpec spec, int rows) {
      ElementReader data = input.data;
      if (data == null) {
        throw new IllegalStateException("checked before");
      }
      long wanted = (long) rows * spec.width();
      if (data.size() != wanted || !data.fits(spec.shape(rows))) {
        throw Problem.at(
            input.at + "/data",
            400,
            SHAPE,
            data.size() == wanted
                ? "the lists are not nested as the shape %s is".formatted(spec.shapeText(rows))
                : "%d elements, and the shape %s has %d"
                    .formatted(data.size(), spec.shapeText(rows), wanted),
            "send all elements, row by row, in one flat list or nested as the shape is");
      }
      return data.tensor(rows);
    }

    private static String names(List<TensorSpec> specs) {
      return String.join(", ", specs.stream().map(TensorSpec::name).toList());
    }
  }
}
