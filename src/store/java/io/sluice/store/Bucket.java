package io.sluice.store;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.URI;
import java.nio.channels.ClosedByInterruptException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * One bucket of an S3 server, as the store needs it. An object appears whole or not at all; an
 * upload that was damaged on its way is refused by the server (Content-MD5); calls are repeated by
 * the client, a download that breaks off resumes where it was. Every other answer of the server
 * becomes a diagnostic.
 */
final class Bucket {
  private static final int ATTEMPTS = 6;
  private static final int PRECONDITION_FAILED = 412;

  /** Bytes that a broken download must have got further to be worth another full set of tries. */
  private static final long PROGRESS = 1 << 20;

  private final S3Client client;
  private final S3Settings settings;
  private final Sizes sizes;

  /**
   * How large things are cut.
   *
   * @param part bytes of an upload that are in memory at once; at least 5 MiB, doubled after every
   *     thousand parts, because there may be ten thousand
   * @param copyAtOnce largest object that one call copies
   * @param copyPart bytes of a larger one that one call copies
   */
  record Sizes(int part, long copyAtOnce, long copyPart) {
    static final Sizes DEFAULT = new Sizes(16 << 20, 5L << 30, 1L << 30);

    int part(int number) {
      return part << (number / 1000);
    }
  }

  Bucket(S3Settings settings, Sizes sizes) {
    this.settings = settings;
    this.sizes = sizes;
    // No file, variable or metadata service of the machine has a say in where the key goes.
    this.client =
        S3Client.builder()
            .endpointOverride(settings.endpoint())
            .region(Region.of(settings.region()))
            .credentialsProvider(
                StaticCredentialsProvider.create(
                    AwsBasicCredentials.create(settings.accessKeyId(), settings.secret().value())))
            .forcePathStyle(true)
            .serviceConfiguration(c -> c.chunkedEncodingEnabled(false).expectContinueEnabled(false))
            // The store checks SHA-256 itself; servers other than Amazon's differ in the rest.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(Duration.ofSeconds(10))
                    .socketTimeout(Duration.ofSeconds(60)))
            .overrideConfiguration(c ->
                c.defaultProfileFileSupplier(ProfileFile.aggregator()::build)
                    .retryStrategy(
                        AwsRetryStrategy.standardRetryStrategy().toBuilder()
                            .maxAttempts(ATTEMPTS)
                            .build()))
            .build();
  }

  /** Bytes of an object; empty when there is none of this key. */
  Optional<Long> size(String key) throws IOException {
    return call(
        "look for " + key,
        () -> {
          try {
            return Optional.of(
                length(
                    "look for " + key,
                    client.headObject(b -> b.bucket(bucket()).key(full(key))).contentLength()));
          } catch (NoSuchKeyException e) {
            return Optional.empty();
          }
        });
  }

  /** An object's bytes; empty when there is none of this key. */
  Optional<InputStream> get(String key) throws IOException {
    Optional<Part> whole = from(key, 0);
    if (whole.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Download(key, whole.get()));
  }

  /** Writes or replaces an object. */
  void put(String key, byte[] content) throws IOException {
    call(
        "write " + key,
        () ->
            client.putObject(
                b -> b.bucket(bucket()).key(full(key)).contentMD5(md5(content, content.length)),
                body(content, content.length)));
  }

  /** Writes an object when there is none of this key; whether it did. */
  boolean putIfAbsent(String key, byte[] content) throws IOException {
    return call(
        "write " + key,
        () -> {
          try {
            client.putObject(
                b ->
                    b.bucket(bucket())
                        .key(full(key))
                        .contentMD5(md5(content, content.length))
                        .ifNoneMatch("*"),
                body(content, content.length));
            return true;
          } catch (S3Exception e) {
            if (e.statusCode() == PRECONDITION_FAILED) {
              return false;
            }
            throw e;
          }
        });
  }

  /**
   * Writes an object of any size, a part at a time; returns its size.
   *
   * @param start its first bytes, which were read already
   * @param rest read to its end and not closed
   * @param hash told of every byte of {@code rest}
   */
  long upload(String key, byte[] start, InputStream rest, MessageDigest hash) throws IOException {
    String upload =
        call(
            "write " + key,
            () -> client.createMultipartUpload(b -> b.bucket(bucket()).key(full(key))).uploadId());
    boolean whole = false;
    try {
      List<CompletedPart> parts = new ArrayList<>();
      parts.add(part(key, upload, 1, start, start.length));
      long size = start.length;
      byte[] buffer = new byte[0];
      while (true) {
        int number = parts.size() + 1;
        if (buffer.length != sizes.part(number)) {
          buffer = new byte[sizes.part(number)];
        }
        int n = rest.readNBytes(buffer, 0, buffer.length);
        if (n == 0) {
          break;
        }
        hash.update(buffer, 0, n);
        parts.add(part(key, upload, number, buffer, n));
        size += n;
      }
      complete(key, upload, parts);
      whole = true;
      return size;
    } finally {
      if (!whole) {
        abort(key, upload);
      }
    }
  }

  /** Copies inside the bucket, without its bytes coming here. */
  void copy(String from, String to, long size) throws IOException {
    if (size <= sizes.copyAtOnce()) {
      call(
          "write " + to,
          () ->
              client.copyObject(b ->
                  b.sourceBucket(bucket())
                      .sourceKey(full(from))
                      .destinationBucket(bucket())
                      .destinationKey(full(to))));
      return;
    }
    String upload =
        call(
            "write " + to,
            () -> client.createMultipartUpload(b -> b.bucket(bucket()).key(full(to))).uploadId());
    boolean whole = false;
    try {
      List<CompletedPart> parts = new ArrayList<>();
      for (long at = 0; at < size; at += sizes.copyPart()) {
        parts.add(copied(from, to, upload, parts.size() + 1, at, size));
      }
      complete(to, upload, parts);
      whole = true;
    } finally {
      if (!whole) {
        abort(to, upload);
      }
    }
  }

  void delete(String key) throws IOException {
    call("remove " + key, () -> client.deleteObject(b -> b.bucket(bucket()).key(full(key))));
  }

  /** Keys that begin with this, without the store's own prefix. */
  List<String> list(String start) throws IOException {
    return call(
        "list " + start,
        () ->
            client
                .listObjectsV2Paginator(b -> b.bucket(bucket()).prefix(full(start)))
                .contents()
                .stream()
                .map(S3Object::key)
                .map(k -> k.substring(settings.prefix().length()))
                .toList());
  }

  private CompletedPart part(String key, String upload, int number, byte[] content, int length)
      throws IOException {
    String tag =
        call(
            "write part " + number + " of " + key,
            () ->
                client
                    .uploadPart(
                        b ->
                            b.bucket(bucket())
                                .key(full(key))
                                .uploadId(upload)
                                .partNumber(number)
                                .contentMD5(md5(content, length)),
                        body(content, length))
                    .eTag());
    return CompletedPart.builder().partNumber(number).eTag(tag).build();
  }

  private CompletedPart copied(
      String from, String to, String upload, int number, long at, long size) throws IOException {
    long last = Math.min(at + sizes.copyPart(), size) - 1;
    String tag =
        call(
            "write part " + number + " of " + to,
            () ->
                client
                    .uploadPartCopy(b ->
                        b.sourceBucket(bucket())
                            .sourceKey(full(from))
                            .destinationBucket(bucket())
                            .destinationKey(full(to))
                            .uploadId(upload)
                            .partNumber(number)
                            .copySourceRange("bytes=" + at + "-" + last))
                    .copyPartResult()
                    .eTag());
    return CompletedPart.builder().partNumber(number).eTag(tag).build();
  }

  private void complete(String key, String upload, List<CompletedPart> parts) throws IOException {
    call(
        "write " + key,
        () ->
            client.completeMultipartUpload(b ->
                b.bucket(bucket())
                    .key(full(key))
                    .uploadId(upload)
                    .multipartUpload(m -> m.parts(parts))));
  }

  /** Nobody can read what was not completed; a server's lifecycle rule removes what stays. */
  private void abort(String key, String upload) {
    try {
      client.abortMultipartUpload(b -> b.bucket(bucket()).key(full(key)).uploadId(upload));
    } catch (S3Exception | SdkClientException e) {
      return;
    }
  }

  /** An object from a byte on. */
  private record Part(InputStream in, long end) {}

  private Optional<Part> from(String key, long at) throws IOException {
    return call(
        "read " + key,
        () -> {
          try {
            var answer =
                client.getObject(b -> {
                  b.bucket(bucket()).key(full(key));
                  if (at > 0) {
                    b.range("bytes=" + at + "-");
                  }
                });
            Long rest = answer.response().contentLength();
            if (rest == null) {
              answer.abort();
            }
            return Optional.of(new Part(answer, at + length("read " + key, rest)));
          } catch (NoSuchKeyException e) {
            return Optional.empty();
          }
        });
  }

  /** An object's bytes, asked for again from where an answer broke off. */
  private final class Download extends InputStream {
    private final String key;
    private final long size;
    private InputStream in;
    private long position;
    private long mark;
    private int tries;

    Download(String key, Part whole) {
      this.key = key;
      this.in = whole.in();
      this.size = whole.end();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      while (true) {
        try {
          int n = in.read(buffer, offset, length);
          if (n < 0 && position < size) {
            throw new EOFException("the answer ended at byte " + position + " of " + size);
          }
          position += Math.max(n, 0);
          return n;
        } catch (IOException | SdkClientException e) {
          again(e);
        }
      }
    }

    private void again(Exception broken) throws IOException {
      if (Thread.currentThread().isInterrupted()) {
        throw new ClosedByInterruptException();
      }
      if (position - mark >= PROGRESS) {
        tries = 0;
      }
      mark = position;
      if (++tries >= ATTEMPTS) {
        throw unreachable("read " + key, broken);
      }
      in.close();
      in =
          from(key, position)
              .orElseThrow(() -> new EOFException(key + " went while it was read"))
              .in();
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private String bucket() {
    return settings.bucket();
  }

  private String full(String key) {
    return settings.prefix() + key;
  }

  private static RequestBody body(byte[] content, int length) {
    return RequestBody.fromContentProvider(
        () -> new ByteArrayInputStream(content, 0, length), length, "application/octet-stream");
  }

  private static String md5(byte[] content, int length) {
    try {
      MessageDigest md5 = MessageDigest.getInstance("MD5");
      md5.update(content, 0, length);
      return Base64.getEncoder().encodeToString(md5.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has MD5", e);
    }
  }

  private <T extends @Nullable Object> T call(String what, Supplier<T> request) throws IOException {
    try {
      return request.get();
    } catch (AbortedException e) {
      Thread.currentThread().interrupt();
      throw new ClosedByInterruptException();
    } catch (AwsServiceException e) {
      throw refused(what, e);
    } catch (SdkClientException e) {
      throw unreachable(what, e);
    }
  }

  /** The length of an object, without which nobody could tell that a download broke off. */
  private long length(String what, @Nullable Long said) {
    if (said == null) {
      throw unreachable(what, new ProtocolException("an answer without Content-Length"));
    }
    return said;
  }

  private SluiceException refused(String what, AwsServiceException e) {
    String code =
        e.awsErrorDetails() == null ? "" : String.valueOf(e.awsErrorDetails().errorCode());
    String answer = "cannot " + what + ": " + where() + " answered " + e.statusCode() + " " + code;
    if (code.equals("NoSuchBucket")) {
      return wrong(
          ExitCode.INPUT_WRONG,
          "SLU-4611",
          "there is no bucket " + bucket() + " at " + endpoint(),
          "create it, or correct " + S3Settings.FILE + " in the Secret of the store",
          e);
    }
    if (code.equals("RequestTimeTooSkewed")) {
      return wrong(
          ExitCode.UNREACHABLE,
          "SLU-4613",
          answer,
          "the clocks of the server and of this node are too far apart: set them by NTP",
          e);
    }
    if (e.statusCode() == 401 || e.statusCode() == 403) {
      return wrong(
          ExitCode.INPUT_WRONG,
          "SLU-4612",
          answer,
          "the key in the Secret of the store is wrong, or may not do this: it needs GetObject,"
              + " PutObject, DeleteObject, ListBucket and AbortMultipartUpload",
          e);
    }
    if (e.statusCode() == 429 || (e.statusCode() >= 500 && e.statusCode() != 501)) {
      return unreachable(what, e);
    }
    return wrong(
        ExitCode.RUN_FAILED,
        "SLU-4615",
        answer,
        "the server must speak S3 with conditional writes (If-None-Match) and multipart uploads",
        e);
  }

  private SluiceException unreachable(String what, Exception e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String said =
        root instanceof AwsServiceException s ? "status " + s.statusCode() : root.toString();
    return wrong(
        ExitCode.UNREACHABLE,
        "SLU-4614",
        "cannot " + what + ": " + where() + " did not answer as it should (" + said + ")",
        "is the server up, and may this pod reach it (network policy, certificate)?",
        e);
  }

  private String where() {
    return "the bucket " + bucket() + " at " + endpoint();
  }

  private URI endpoint() {
    return settings.endpoint();
  }

  private static SluiceException wrong(
      ExitCode exit, String id, String message, String hint, Exception cause) {
    return new SluiceException(exit, List.of(Diagnostic.of(id, message.strip(), hint)), cause);
  }
}
