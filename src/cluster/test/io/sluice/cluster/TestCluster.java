package io.sluice.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;

/**
 * The real cluster of {@code test-fixtures/cluster}: Kubernetes on two nodes, Tekton, MLflow on
 * PostgreSQL, S3. A test class {@code @ExtendWith(TestCluster.Starter.class)} gets it as a
 * parameter.
 *
 * @param variables what {@code cluster env} says: addresses and credentials
 */
public record TestCluster(Map<String, String> variables) {
  private static final Path ROOT = Path.of(System.getProperty("sluice.root"));
  private static final Path PROGRAM = ROOT.resolve("test-fixtures/cluster/cluster");
  private static final byte[] NOTHING = {};
  private static final Pattern EXPORT = Pattern.compile("export ([A-Z0-9_]+)=(.*)");

  /** What a program said, and how it ended. */
  public record Said(int exitCode, String out, String err) {
    /** Its standard output; fails the test when it failed. */
    public String orFail() {
      if (exitCode != 0) {
        throw new AssertionError("exit " + exitCode + "\n" + out + err);
      }
      return out;
    }
  }

  /**
   * Starts the cluster before the first test class that asks for it and stops it after the last one
   * of this JVM; one that was up already is used, and left up. Where this machine cannot run it,
   * the tests are skipped with the reason.
   */
  public static final class Starter implements BeforeAllCallback, ParameterResolver {
    @Override
    public void beforeAll(ExtensionContext context) {
      Started ignored = started(context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType().equals(TestCluster.class);
    }

    @Override
    public TestCluster resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return started(context).cluster();
    }

    private static Started started(ExtensionContext context) {
      return context
          .getRoot()
          .getStore(ExtensionContext.Namespace.GLOBAL)
          .computeIfAbsent(Started.class, k -> start(), Started.class);
    }

    private static Started start() {
      Said check = run(Duration.ofMinutes(1), NOTHING, PROGRAM + "", "check");
      if (check.exitCode() != 0) {
        throw new TestAbortedException("no test cluster on this machine: " + check.out().strip());
      }
      boolean wasUp = run(Duration.ofMinutes(1), NOTHING, PROGRAM + "", "env").exitCode() == 0;
      String environment = run(Duration.ofMinutes(50), NOTHING, PROGRAM + "", "up").orFail();
      Map<String, String> variables =
          environment
              .lines()
              .map(EXPORT::matcher)
              .filter(Matcher::matches)
              .collect(Collectors.toUnmodifiableMap(m -> m.group(1), m -> m.group(2)));
      return new Started(new TestCluster(variables), wasUp);
    }
  }

  private record Started(TestCluster cluster, boolean wasUp) implements AutoCloseable {
    @Override
    public void close() {
      if (!wasUp) {
        String ignored = run(Duration.ofMinutes(3), NOTHING, PROGRAM + "", "down").orFail();
      }
    }
  }

  public Path kubeconfig() {
    return Path.of(variables.get("KUBECONFIG"));
  }

  /** MLflow as this machine reaches it. */
  public URI mlflow() {
    return URI.create(variables.get("SLUICE_CLUSTER_MLFLOW"));
  }

  /** MLflow as pods reach it. */
  public URI mlflowInPods() {
    return URI.create(variables.get("SLUICE_CLUSTER_MLFLOW_IN_PODS"));
  }

  /** Address of a PostgreSQL as pods reach it, its user allowed to make databases. */
  public URI postgresInPods() {
    return URI.create(variables.get("SLUICE_CLUSTER_POSTGRES_IN_PODS"));
  }

  /** An image of the cluster's own, with a shell and the usual programs. */
  public String toolsImage() {
    return variables.get("SLUICE_CLUSTER_REGISTRY") + "/tools:1";
  }

  /** An image that {@code images/build} makes, by digest. */
  public String image(String... arguments) {
    List<String> command = new ArrayList<>(List.of(ROOT.resolve("images/build").toString()));
    command.addAll(List.of(arguments));
    return run(Duration.ofMinutes(20), NOTHING, command.toArray(String[]::new)).orFail().strip();
  }

  /** kubectl with arguments. */
  public Said kubectl(String... arguments) {
    return kubectlOn(NOTHING, arguments);
  }

  /** kubectl with arguments and a standard input. */
  public Said kubectlWith(String input, String... arguments) {
    return kubectlOn(input.getBytes(StandardCharsets.UTF_8), arguments);
  }

  /** kubectl with arguments, and a file as its standard input. */
  public Said kubectlFrom(Path input, String... arguments) throws IOException {
    return kubectlOn(Files.readAllBytes(input), arguments);
  }

  private static Said kubectlOn(byte[] input, String... arguments) {
    return run(
        Duration.ofMinutes(15),
        input,
        Stream.concat(Stream.of(PROGRAM.toString(), "kubectl"), Stream.of(arguments))
            .toArray(String[]::new));
  }

  /** A namespace that was not there before, under the {@code restricted} Pod Security level. */
  public void freshNamespace(String name) {
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait").orFail();
    String object =
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: %s
          labels: {pod-security.kubernetes.io/enforce: restricted}
        """
            .formatted(name);
    kubectlWith(object, "apply", "-f", "-").orFail();
  }

  /** The program {@code cluster} with arguments. */
  public Said cluster(String... arguments) {
    return run(
        Duration.ofMinutes(5),
        NOTHING,
        Stream.concat(Stream.of(PROGRAM.toString()), Stream.of(arguments)).toArray(String[]::new));
  }

  private static Said run(Duration limit, byte[] input, String... command) {
    try {
      Process process = new ProcessBuilder(command).directory(ROOT.toFile()).start();
      var out = drained(process.getInputStream());
      var err = drained(process.getErrorStream());
      try (var stdin = process.getOutputStream()) {
        stdin.write(input);
      }
      if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            String.join(" ", command) + " took longer than " + limit + "\n" + err.get(5));
      }
      return new Said(process.exitValue(), out.get(30), err.get(30));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What a stream says until its end, read beside the process so that it never blocks. */
  private interface Drained {
    String get(int seconds) throws InterruptedException;
  }

  private static Drained drained(java.io.InputStream stream) {
    var text = new java.util.concurrent.CompletableFuture<String>();
    Thread.ofVirtual()
        .start(() -> {
          try (stream) {
            text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
          } catch (IOException e) {
            text.completeExceptionally(e);
          }
        });
    return seconds -> {
      try {
        return text.get(seconds, TimeUnit.SECONDS);
      } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
        throw new AssertionError("the output of a program could not be read", e);
      }
    };
  }
}
