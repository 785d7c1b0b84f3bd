package io.sluice.platform;

import io.sluice.app.SourceTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Where a folder stands in git.
 *
 * @param commit empty without a repository, and when git could not say
 * @param trouble what git could not say, and why; empty when all is known, or there is no
 *     repository
 */
record Checkout(Optional<SourceTree.Commit> commit, Optional<String> trouble) {
  private static final int GIT_SECONDS = 20;

  /** What one call of git came to; the error is its last line. */
  private record Said(boolean well, String output, String error) {}

  static Checkout of(Path folder) {
    if (!Files.exists(Reach.repository(folder).resolve(".git"))) {
      return new Checkout(Optional.empty(), Optional.empty());
    }
    // `rev-parse` runs nothing that the repository's own configuration names, so it may read one
    // that belongs to another user, as a checkout in a container often does; `status` may not.
    Said head = git(folder, "-c", "safe.directory=*", "rev-parse", "--verify", "HEAD");
    if (!head.well() || !head.output().matches("[0-9a-f]{40,64}")) {
      return new Checkout(
          Optional.empty(), Optional.of("the commit is not recorded: " + head.error()));
    }
    Said status = git(folder, "status", "--porcelain", "--", ".");
    if (!status.well()) {
      return new Checkout(
          Optional.of(new SourceTree.Commit(head.output(), SourceTree.Changes.UNKNOWN)),
          Optional.of(
              "whether files differ from the commit is not known, so it is recorded as"
                  + " `-unchecked`: "
                  + status.error()));
    }
    SourceTree.Changes changes =
        status.output().isEmpty() ? SourceTree.Changes.NONE : SourceTree.Changes.SOME;
    return new Checkout(
        Optional.of(new SourceTree.Commit(head.output(), changes)), Optional.empty());
  }

  private static Said git(Path folder, String... arguments) {
    List<String> command = new ArrayList<>(List.of("git", "--no-optional-locks"));
    command.addAll(List.of(arguments));
    Process process;
    try {
      process = new ProcessBuilder(command).directory(folder.toFile()).start();
    } catch (IOException e) {
      return new Said(false, "", "git cannot be run: " + e.getMessage());
    }
    // Ends the reads below too when git hangs in a hook or on a dead disk.
    var unused =
        process
            .onExit()
            .orTimeout(GIT_SECONDS, TimeUnit.SECONDS)
            .exceptionally(late -> process.destroyForcibly());
    try {
      process.getOutputStream().close();
      CompletableFuture<String> error =
          CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
      String output = text(process.getInputStream());
      boolean well = process.waitFor() == 0;
      return new Said(well, output.strip(), reason(error.join(), process.exitValue()));
    } catch (IOException e) {
      return new Said(false, "", "git cannot be read: " + e.getMessage());
    } catch (InterruptedException e) {
      process.destroyForcibly();
      // The next call that blocks throws the interrupt.
      Thread.currentThread().interrupt();
      return new Said(false, "", "interrupted");
    }
  }

  /** What git complains of first: what follows is advice. */
  private static String reason(String error, int code) {
    return error
        .lines()
        .filter(line -> !line.isBlank())
        .findFirst()
        .map(line -> "git says `" + line.strip() + "`")
        .orElse("git ended with " + code);
  }

  private static String text(InputStream in) {
    try (in) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return ""; // its process was ended; the exit code says so
    }
  }
}
