package io.sluice.platform;

import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.RunEvent;
import io.sluice.local.Environment;
import io.sluice.local.environment.EnvironmentRequest;
import io.sluice.state.StateFile;
import io.sluice.worker.command.RecordedEnvironment;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The environments that earlier model versions recorded, rebuilt from the locks that they carry. A
 * file in the state folder says what the image of each means, so that another process of the same
 * run finds it.
 */
final class RecordedEnvironments {
  private static final String RECORDED = RecordedEnvironment.LOCAL + "recorded";

  /** What a file of the folder says: all that the environment is built of. */
  record Known(String name, String python, String lock) {}

  private final Path folder;
  private final Clock clock;
  private final Consumer<RunEvent> progress;

  RecordedEnvironments(Path state, Clock clock, Consumer<RunEvent> progress) {
    this.folder = state.resolve("environments");
    this.clock = clock;
    this.progress = progress;
  }

  /**
   * Builds what a version recorded.
   *
   * @param bind receives the image and the environment
   * @return the image
   */
  String build(
      RecordedEnvironment recorded, Consumer<String> messages, BiConsumer<String, Environment> bind)
      throws InterruptedException {
    String name = "champion's " + recorded.name();
    if (recorded.lock().isEmpty() || recorded.python().isEmpty()) {
      bind.accept(RECORDED, Environment.machine(name));
      return RECORDED;
    }
    EnvironmentRequest request = request(name, recorded.python().get(), recorded.lock().get());
    String image = RECORDED + "@" + request.digest();
    new StateFile(file(image))
        .write(Json.pretty(JsonCodec.write(new Known(name, request.python(), request.lock()))));
    Path venv =
        OwnEnvironments.builder(clock)
            .build(request, e -> messages.accept(e.what() + ": " + e.detail()));
    bind.accept(image, Environment.venv(name, venv));
    return image;
  }

  /** What an earlier process of the same run built under this image. */
  Optional<Environment> find(String image) {
    if (image.equals(RECORDED)) {
      return Optional.of(Environment.machine("champion's"));
    }
    if (!image.startsWith(RECORDED + "@")) {
      return Optional.empty();
    }
    Optional<String> text = new StateFile(file(image)).text();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Known known = JsonCodec.read(Json.parse(text.get()), Known.class);
    EnvironmentRequest request = request(known.name(), known.python(), known.lock());
    try {
      Path venv = OwnEnvironments.builder(clock).build(request, progress::accept);
      return Optional.of(Environment.venv(request.name(), venv));
    } catch (InterruptedException e) {
      throw SetupInterrupted.by(e);
    }
  }

  private static EnvironmentRequest request(String name, String python, String lock) {
    return new EnvironmentRequest(name, python, "the lock of its version", lock, Optional.empty());
  }

  private Path file(String image) {
    return folder.resolve(image.substring(image.lastIndexOf(':') + 1) + ".json");
  }
}
