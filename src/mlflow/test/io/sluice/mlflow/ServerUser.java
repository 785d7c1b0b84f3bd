package io.sluice.mlflow;

import java.nio.file.Path;

/**
 * Another command that uses the embedded server: a JVM of its own. It says where the server is, and
 * leaves it in good order when its input ends.
 */
final class ServerUser {
  private ServerUser() {}

  public static void main(String[] args) throws Exception {
    try (EmbeddedMlflow server =
        EmbeddedMlflow.start(Path.of(args[0]), Path.of(args[1]), s -> {})) {
      System.out.println(server.uri());
      System.in.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }
}
