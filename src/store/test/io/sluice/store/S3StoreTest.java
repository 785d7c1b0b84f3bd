package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
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

  @BeforeEach
  void aBucket() throws IOException {
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
  void saysThatTheClocksDisagree() throws IOException {
    HttpServer broken = server(e -> answer(e, 403, error("RequestTimeTooSkewed")));
    try {
      ArtifactStore store = new S3Store(at(broken.getAddress().getPort()), Area.TRUSTED);
      assertDiagnosed(() -> store.open(Digest.of("x")), "SLU-4613", "RequestTimeTooSkewed");
    } finally {
      broken.stop(0);
    }
  }

  @Test
  void triesAgainWhenTheServerIsBusy() throws IOException {
    AtomicInteger calls = new AtomicInteger();
    HttpServer busy =
        server(e -> {
          if (calls.incrementAndGet() < 3) {
            answer(e, 503, error("SlowDown"));
          } else {
            answer(e, 200, bytes("hello"));
          }
        });
    try {
      ArtifactStore store = new S3Store(at(busy.getAddress().getPort()), Area.TRUSTED);
      assertThat(read(store, Digest.of("hello"))).isEqualTo("hello");
      assertThat(calls).hasValue(3);
    } finally {
      busy.stop(0);
    }
  }

  @Test
  void goesOnWhereADownloadBrokeOff() throws IOException {
    byte[] content = new byte[300_000];
    new Random(2).nextBytes(content);
    List<String> ranges = new ArrayList<>();
    HttpServer flaky =
        server(e -> {
          String range = String.valueOf(e.getRequestHeaders().getFirst("Range"));
          ranges.add(range);
          int from = range.equals("null") ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
          int end = Math.min(content.length, from + 100_000);
          e.getResponseHeaders().add("ETag", "\"1\"");
          e.sendResponseHeaders(from == 0 ? 200 : 206, content.length - from);
          OutputStream body = e.getResponseBody();
          body.write(content, from, end - from);
          body.flush();
          // fewer bytes than promised: the connection ends here
          e.close();
        });
    try {
      ArtifactStore store = new S3Store(at(flaky.getAddress().getPort()), Area.TRUSTED);
      try (InputStream in = store.open(Digest.of(content))) {
        assertThat(in.readAllBytes()).isEqualTo(content);
      }
      assertThat(ranges).containsExactly("null", "bytes=100000-", "bytes=200000-");
    } finally {
      flaky.stop(0);
    }
  }

  private static S3Settings at(int port) {
    return new S3Settings(
        URI.create("http://127.0.0.1:" + port), "b", "", "r", "k", new S3Settings.Key(SECRET));
  }

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private static HttpServer server(Answer answer) throws IOException {
    HttpServer http =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/", e -> answer.to(e));
    http.start();
    return http;
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
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
