package io.sluice.serving;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.VersionState;
import io.sluice.ledger.LedgerSettings;
import io.sluice.ledger.Ledgers;
import io.sluice.serving.follow.FollowEvents;
import io.sluice.serving.follow.FollowedVersions;
import io.sluice.serving.http.Access;
import io.sluice.serving.http.AccessLog;
import io.sluice.serving.http.HttpServer;
import io.sluice.serving.http.Served;
import io.sluice.serving.predict.Predictions;
import io.sluice.serving.protocol.Endpoints;
import io.sluice.serving.protocol.WarmUp;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** A service from its start to its end: ledger, following and server. */
public final class Service implements AutoCloseable {
  private final ServeSettings settings;
  private final Ledger ledger;
  private final FollowedVersions following;
  private final HttpServer server;

  private Service(
      ServeSettings settings, Ledger ledger, FollowedVersions following, HttpServer server) {
    this.settings = settings;
    this.ledger = ledger;
    this.following = following;
    this.server = server;
  }

  /**
   * Starts. It answers from the cache, or as soon as the registry has given it a version.
   *
   * @param program the version of this program
   * @param out receives the access log where it is {@code -}
   * @param errors receives what nobody foresaw
   * @param tell receives sentences on what happens; called by several threads
   * @throws SluiceException what of the settings cannot be had
   */
  public static Service start(
      ModelRegistry registry,
      ServeSettings settings,
      String program,
      OutputStream out,
      PrintStream errors,
      Consumer<String> tell) {
    Clock clock = Clock.systemUTC();
    Access access = settings.tokens().map(Service::tokens).orElseGet(Access::open);
    AccessLog log = log(settings.accessLog(), out);
    Ledger ledger = Ledgers.open(settings.ledger(), clock, tell);
    SecureRandom seeds = new SecureRandom();
    ThreadLocal<SplittableRandom> random =
        ThreadLocal.withInitial(() -> new SplittableRandom(seeds.nextLong()));
    Optional<FollowedVersions> begun = Optional.empty();
    try {
      FollowedVersions following =
          FollowedVersions.start(
              registry,
              settings.follow(),
              WarmUp::of,
              new Told(tell),
              clock,
              new SplittableRandom(seeds.nextLong()));
      begun = Optional.of(following);
      Predictions predictions =
          new Predictions(
              ledger,
              settings.inputs(),
              settings.control(),
              clock,
              () -> random.get().nextLong(),
              System::nanoTime);
      Served served =
          new Served(
              settings.model(),
              following,
              new Endpoints(predictions, settings.limits().rows()),
              ledger,
              settings.ledger().onFailure() == LedgerSettings.OnFailure.REFUSE,
              program);
      HttpServer server =
          HttpServer.start(
              settings.host(),
              settings.port(),
              served,
              settings.limits(),
              access,
              log,
              errors,
              clock);
      return new Service(settings, ledger, following, server);
    } catch (RuntimeException | Error e) {
      ledger.close();
      begun.ifPresent(FollowedVersions::close);
      throw e;
    }
  }

  /** Where it answers. */
  public String address() {
    String host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
    return "http://" + host + ":" + server.port();
  }

  /** Ends in order: what was accepted is answered, what was answered is written. */
  public void drain() throws InterruptedException {
    try {
      server.drain(settings.notice(), settings.grace());
    } finally {
      close();
    }
  }

  /** The ledger ends before following does, which may be amid a model that loads. */
  @Override
  public void close() {
    try (following;
        ledger) {
      server.close();
    }
  }

  private static Access tokens(Path file) {
    try {
      return Access.parse(Files.readString(file), file.toString());
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-9202",
                  file + " cannot be read: " + e.getClass().getSimpleName(),
                  "name a file of UTF-8 text that this user may read")),
          e);
    }
  }

  private static AccessLog log(String where, OutputStream out) {
    if (where.equals("off")) {
      return AccessLog.off();
    }
    if (where.equals("-")) {
      return AccessLog.to(out);
    }
    try {
      return AccessLog.to(
          Files.newOutputStream(
              Path.of(where), StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-9204",
                  "the access log " + where + " cannot be written: " + e.getMessage(),
                  "name a file in a folder that is there, `-` or `off`")),
          e);
    }
  }

  /** What following does, in sentences. */
  private record Told(Consumer<String> tell) implements FollowEvents {
    @Override
    public void moved(Instant at, long entry, int version, VersionState state, String why) {
      tell.accept(
          "version %d (log entry %d) %s%s"
              .formatted(version, entry, state.word(), why.isEmpty() ? "" : ": " + why));
    }

    @Override
    public void looked(boolean answered) {
      // readiness and metrics say what came of it
    }

    @Override
    public void trouble(Instant at, String what) {
      tell.accept(what);
    }
  }
}
