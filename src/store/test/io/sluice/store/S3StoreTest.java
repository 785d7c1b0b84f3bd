package io.sluice.store;

import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.status;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.stubbing.Scenario;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store in a bucket of a real S3 server, which checks signatures and conditions. */
class S3StoreTest extends StoreContract {
  private static final String KEY = "reader-and-writer";
  private static final String SECRET = "hunter2-hunter2";
  private static final Bucket.Sizes SMALL = new Bucket.Sizes(5 << 20, 6L << 20, 5L << 20);

  /** A server that is not S3, for what S3Proxy never does. */
  private static final WireMockServer FAULTY =
      new WireMockServer(options().bindAddress("127.0.0.1").dynamicPort());

  @TempDir static Path buckets;
  private static S3Proxy server;
  private static int tests;

  private String bucket = "";

  @BeforeAll
  static void start() throws Exception {
    server =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(buckets.toString()))
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V4, KEY, SECRET)
            .build();
    server.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.stop();
  }

  @BeforeAll
  static void startFaultyServer() {
    FAULTY.start();
  }

  @AfterAll
  static void stopFaultyServer() {
    FAULTY.stop();
  }

  @BeforeEach
  void aBucket() throws IOException {
    FAULTY.resetAll();
    bucket = "store-" + ++tests;
    Files.createDirectory(buckets.resolve(bucket));
  }

  @Override
  ArtifactStore store(Area area) {
    return new S3Store(settings(SECRET), area, SMALL);
  }

  private S3Settings settings(String secret) {
    return new S3Settings(
        URI.create("http://127.0.0.1:" + server.getPort()),
        bucket,
        "team/models",
        "us-east-1",
        KEY,
        new S3Settings.Key(secret));
  }

  private Bucket past() {
    return new Bucket(settings(SECRET), SMALL);
  }

  private static String key(Digest blob) {
    return "blobs/" + blob.hex().substring(0, 2) + "/" + blob.hex().substring(2);
  }

  @Override
  void damage(Digest blob, String content) throws IOException {
    past().put(key(blob), bytes(content));
  }

  @Override
  void damageEntry(Digest key, byte[] content) throws IOException {
    past().put(key(key).replaceFirst("blobs", "cache"), content);
  }

  @Override
  void lose(Digest blob) throws IOException {
    past().delete(key(blob));
  }

  @Test
  void aLargeBlobGoesThroughInPartsAndLeavesNothingElseBehind() throws IOException {
    byte[] large = new byte[(17 << 20) + 3];
    new Random(1).nextBytes(large);
    ArtifactStore store = store(Area.TRUSTED);
    Digest digest = store.put(new ByteArrayInputStream(large));
    assertThat(digest).isEqualTo(Digest.of(large));
    try (InputStream in = store.open(digest)) {
      assertThat(in.readAllBytes()).isEqualTo(large);
    }
    assertThat(store.put(new ByteArrayInputStream(large))).isEqualTo(digest);
    assertThat(past().list("")).containsExactly(key(digest));
  }

  @Test
  void aLargeBlobNeedsNoMoreMemoryThanAPart() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx48m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Stream100MiB.class.getName(),
                "" + server.getPort(),
                bucket)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(child.inputReader().readLine()).isEqualTo("same");
    assertThat(child.waitFor()).isZero();
  }

  /** Another process: twice its memory in, and out again. */
  static final class Stream100MiB {
    public static void main(String[] args) throws IOException {
      S3Settings settings =
          new S3Settings(
              URI.create("http://127.0.0.1:" + args[0]),
              args[1],
              "",
              "us-east-1",
              KEY,
              new S3Settings.Key(SECRET));
      ArtifactStore store =
          new S3Store(settings, Area.TRUSTED, new Bucket.Sizes(5 << 20, 5L << 30, 1L << 30));
      Digest digest = store.put(new Counting(100L << 20));
      AtomicLong read = new AtomicLong();
      try (InputStream in = store.open(digest)) {
        byte[] buffer = new byte[64 << 10];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          read.addAndGet(n);
        }
      }
      System.out.println(read.get() == 100L << 20 ? "same" : "only " + read.get());
    }
  }

  /** So many bytes that are nowhere. */
  private static final class Counting extends InputStream {
    private long left;

    Counting(long bytes) {
      this.left = bytes;
    }

    @Override
    public int read() {
      return left-- > 0 ? (int) (left & 0x7f) : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (left <= 0) {
        return -1;
      }
      int n = (int) Math.min(length, left);
      for (int i = 0; i < n; i++) {
        buffer[offset + i] = (byte) (left-- & 0x7f);
      }
      return n;
    }
  }

  @Test
  void aWriterThatFailsHalfWayLeavesNothingToRead() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    InputStream broken =
        new InputStream() {
          private final InputStream start = new Counting(12 << 20);

          @Override
          public int read() throws IOException {
            int b = start.read();
            if (b < 0) {
              throw new IOException("the disk broke");
            }
            return b;
          }
        };
    assertThatThrownBy(() -> store.put(broken)).hasMessage("the disk broke");
    assertThat(past().list("")).isEmpty();
  }

  @Test
  void saysThatThereIsNoBucket() {
    bucket = "no-such-bucket";
    assertDiagnosed(() -> put(store(Area.TRUSTED), "x"), "SLU-4611", "no-such-bucket");
  }

  @Test
  void saysThatTheKeyIsWrongAndNeverShowsIt() {
    ArtifactStore store = new S3Store(settings("not-the-secret"), Area.TRUSTED);
    assertDiagnosed(() -> put(store, "x"), "SLU-4612", "403");
    assertDiagnosed(() -> store.records(new io.sluice.core.run.RunId("r")), "SLU-4612", bucket);
  }

  @Test
  void saysThatNothingAnswers() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    ArtifactStore store = new S3Store(at(free), Area.TRUSTED);
    assertDiagnosed(() -> put(store, "x"), "SLU-4614", "127.0.0.1:" + free);
  }

  @Test
  void saysThatTheClocksDisagree() {
    FAULTY.stubFor(any(anyUrl()).willReturn(status(403).withBody(error("RequestTimeTooSkewed"))));
    ArtifactStore store = new S3Store(at(FAULTY.port()), Area.TRUSTED);
    assertDiagnosed(() -> store.open(Digest.of("x")), "SLU-4613", "RequestTimeTooSkewed");
  }

  @Test
  void saysThatAnAnswerHasNoLength() {
    FAULTY.stubFor(any(anyUrl()).willReturn(ok("hello"))); // in chunks
    ArtifactStore store = new S3Store(at(FAULTY.port()), Area.TRUSTED);
    assertDiagnosed(() -> store.open(Digest.of("hello")), "SLU-4614", "Content-Length");
    assertDiagnosed(() -> put(store, "hello"), "SLU-4614", "Content-Length");
  }

  @Test
  void triesAgainWhenTheServerIsBusy() throws IOException {
    String once = "busy once";
    String twice = "busy twice";
    FAULTY.stubFor(
        any(anyUrl())
            .inScenario("busy")
            .whenScenarioStateIs(Scenario.STARTED)
            .willSetStateTo(once)
            .willReturn(slowDown()));
    FAULTY.stubFor(
        any(anyUrl())
            .inScenario("busy")
            .whenScenarioStateIs(once)
            .willSetStateTo(twice)
            .willReturn(slowDown()));
    FAULTY.stubFor(
        any(anyUrl())
            .inScenario("busy")
            .whenScenarioStateIs(twice)
            .willReturn(ok("hello").withHeader("Content-Length", "5")));
    ArtifactStore store = new S3Store(at(FAULTY.port()), Area.TRUSTED);
    assertThat(read(store, Digest.of("hello"))).isEqualTo("hello");
    FAULTY.verify(3, anyRequestedFor(anyUrl()));
  }

  @Test
  void resumesADownloadWhereItBrokeOff() throws IOException {
    byte[] content = new byte[300_000];
    new Random(2).nextBytes(content);
    FAULTY.stubFor(any(anyUrl()).withHeader("Range", absent()).willReturn(broken(200, content, 0)));
    for (int from : new int[] {100_000, 200_000}) {
      FAULTY.stubFor(
          any(anyUrl())
              .withHeader("Range", equalTo("bytes=" + from + "-"))
              .willReturn(broken(206, content, from)));
    }
    ArtifactStore store = new S3Store(at(FAULTY.port()), Area.TRUSTED);
    try (InputStream in = store.open(Digest.of(content))) {
      assertThat(in.readAllBytes()).isEqualTo(content);
    }
    assertThat(FAULTY.findAll(anyRequestedFor(anyUrl())))
        .extracting(request -> String.valueOf(request.getHeader("Range")))
        .containsExactly("null", "bytes=100000-", "bytes=200000-");
  }

  private static ResponseDefinitionBuilder slowDown() {
    return status(503).withBody(error("SlowDown"));
  }

  /** Promises the rest of a content, sends 100,000 bytes of it, and hangs up. */
  private static ResponseDefinitionBuilder broken(int status, byte[] content, int from) {
    return status(status)
        .withHeader("ETag", "\"1\"")
        .withHeader("Content-Length", content.length - from + "")
        .withBody(Arrays.copyOfRange(content, from, from + 100_000))
        .withChunkedDribbleDelay(2, 1);
  }

  private static S3Settings at(int port) {
    return new S3Settings(
        URI.create("http://127.0.0.1:" + port), "b", "", "r", "k", new S3Settings.Key(SECRET));
  }

  private static byte[] error(String code) {
    return bytes("<Error><Code>" + code + "</Code><Message>no</Message></Error>");
  }

  private interface Call {
    void run() throws IOException;
  }

  private static void assertDiagnosed(Call call, String id, String word) {
    assertThatThrownBy(call::run)
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining(id)
        .hasMessageContaining(word)
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void keepsEverythingUnderItsPrefix() throws IOException {
    put(store(Area.TRUSTED), "x");
    try (Stream<Path> top = Files.list(buckets.resolve(bucket))) {
      assertThat(top.map(p -> p.getFileName().toString())).containsExactly("team");
    }
  }
}
