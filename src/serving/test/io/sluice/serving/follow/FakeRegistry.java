package io.sluice.serving.follow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.EntryContent;
import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.LogState.Stored;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.VersionBundle;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A registry whose log and files a test writes as it likes, with the failures that a real server
 * does not produce on demand. Entries are replayed by the real {@link LogState}.
 */
final class FakeRegistry implements ModelRegistry {
  static final String MODEL = "m";
  private static final Instant AT = Instant.parse("2026-11-30T10:00:00Z");

  final List<Stored> log = new ArrayList<>();
  final TreeMap<Integer, TreeMap<String, byte[]>> files = new TreeMap<>();
  final TreeMap<Integer, TreeMap<String, String>> tags = new TreeMap<>();

  /** What the next calls meet. */
  enum Weather {
    FINE,
    /** Every call fails as one to a server that is gone. */
    DOWN,
    /** The log reads, and files break off in their middle. */
    FILES_BREAK
  }

  private Weather weather = Weather.FINE;
  private int logCalls;
  private int otherCalls;

  synchronized void weather(Weather now) {
    weather = now;
  }

  /** Calls for the log since the last time that this was asked. */
  synchronized int logCalls() {
    int calls = logCalls;
    logCalls = 0;
    return calls;
  }

  /** Calls for versions and files since the last time that this was asked. */
  synchronized int otherCalls() {
    int calls = otherCalls;
    otherCalls = 0;
    return calls;
  }

  /** Registers a version whose model answers with this text. */
  synchronized void version(int number, String answer) {
    TreeMap<String, byte[]> bundle = new TreeMap<>();
    bundle.put("model/MLmodel", utf8("flavors: {}"));
    bundle.put("model/answer", utf8(answer));
    bundle.put("study.json", utf8("{}"));
    files.put(number, bundle);
    TreeMap<String, String> lineage = new TreeMap<>();
    lineage.put("sluice.run", "run-" + number);
    lineage.put("sluice.family", "f");
    lineage.put("sluice.bundle", digest(number).toString());
    tags.put(number, lineage);
  }

  synchronized Digest digest(int number) {
    List<Manifest.Entry> entries = new ArrayList<>();
    files(number)
        .forEach((path, bytes) -> {
          if (path.startsWith("model/")) {
            String within = path.substring("model/".length());
            entries.add(new Manifest.Entry(within, false, bytes.length, Digest.of(bytes)));
          }
        });
    return new VersionBundle(entries).digest();
  }

  private TreeMap<String, byte[]> files(int number) {
    return files.getOrDefault(number, new TreeMap<>());
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Appends an entry that names the digest of the version's files as they are. */
  synchronized void promote(int to) {
    append(PromotionLog.Kind.PROMOTE, to, Optional.of(digest(to)));
  }

  synchronized void append(PromotionLog.Kind kind, int to, Optional<Digest> bundle) {
    LogState state = LogState.begin("log").then(log);
    EntryContent content =
        new EntryContent(
            "log",
            "k" + log.size(),
            kind,
            state.head().entry(),
            state.head().digest(),
            to,
            "ci",
            "better",
            "",
            AT,
            Optional.empty(),
            Optional.empty(),
            bundle);
    log.add(new Stored(log.isEmpty() ? 1 : log.getLast().number() + 1, content.tags()));
  }

  @Override
  public PromotionLog promotions(String model) {
    return new FakeLog();
  }

  @Override
  public synchronized Optional<Version> version(String model, int version) {
    call();
    return Optional.ofNullable(tags.get(version))
        .map(t -> new Version(model, version, "r" + version, AT, Map.copyOf(t)));
  }

  @Override
  public synchronized List<String> files(Version version) {
    call();
    return List.copyOf(files(version.version()).keySet());
  }

  @Override
  public synchronized InputStream open(Version version, String path) {
    call();
    byte[] bytes = files(version.version()).getOrDefault(path, new byte[0]);
    if (weather == Weather.FILES_BREAK) {
      return new InputStream() {
        private int left = bytes.length / 2;

        @Override
        public int read() throws IOException {
          if (left-- > 0) {
            return 'x';
          }
          throw new IOException("the connection broke");
        }
      };
    }
    return new ByteArrayInputStream(bytes);
  }

  @Override
  public synchronized Map<String, String> params(Version version) {
    call();
    return Map.of("eta", "0.1");
  }

  private void call() {
    otherCalls++;
    if (weather == Weather.DOWN) {
      throw down();
    }
  }

  private static SluiceException down() {
    return new SluiceException(
        ExitCode.UNREACHABLE, Diagnostic.of("SLU-5001", "the registry cannot be reached", "wait"));
  }

  /** The log of this registry, which a follower only reads. */
  private final class FakeLog implements PromotionLog {
    @Override
    public LogState follow(Optional<LogState> known) {
      synchronized (FakeRegistry.this) {
        logCalls++;
        if (weather == Weather.DOWN) {
          throw down();
        }
        return known
            .map(k -> k.continued(log.stream().filter(s -> s.number() >= k.last()).toList()))
            .orElseGet(() -> LogState.begin("log").then(log));
      }
    }

    @Override
    public List<Entry> entries() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Entry> champion() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Head head() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Entry append(Request request, Consumer<Entry> appended) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Projections> foreignProjections() {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<String> repairProjections() {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<String> overwriteProjections() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Inspection inspect() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Entry accept(Digest damage, Request request) {
      throw new UnsupportedOperationException();
    }
  }

  @Override
  public Version register(Registration registration) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Version> versions(String model) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Map<String, Double> metrics(Version version) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void attach(Version version, FileContent file) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void tag(Version version, String key, String value) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void record(Recording recording) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<byte[]> recordedRuns(String model, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<String> page(Version version) {
    return Optional.empty();
  }
}
