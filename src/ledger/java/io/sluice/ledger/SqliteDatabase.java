package io.sluice.ledger;

import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;

/**
 * A file of SQLite with a write-ahead log, one process that writes, and any number that read. A
 * thread of its own moves the log into the file, so that no commit waits for that.
 */
final class SqliteDatabase implements Database {
  private static final int BUSY_MILLIS = 5_000;

  /** Size of the log from which it is moved into the file. */
  private static final long MOVE_FROM = 4L << 20;

  /** Size from which writers wait, so that it does not grow for ever beside a long reader. */
  private static final long MOVE_BY_FORCE_FROM = 256L << 20;

  private final LedgerPlace.File place;
  private final Optional<FileChannel> lockFile;
  private final OptionalLong maxPages;
  private final Consumer<String> tell;
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable Thread mover;

  private SqliteDatabase(
      LedgerPlace.File place,
      Optional<FileChannel> lockFile,
      OptionalLong maxPages,
      Consumer<String> tell) {
    this.tell = tell;
    this.place = place;
    this.lockFile = lockFile;
    this.maxPages = maxPages;
  }

  /**
   * Opens the file as the one process that writes; makes it where it is not there.
   *
   * @param maxPages a bound of the file, as a full disk is one
   * @param tell receives what goes wrong beside the commits
   * @throws SluiceException SLU-9502 when its folder cannot be had or it is on a file system of a
   *     network, SLU-9503 when another process writes to it
   */
  static SqliteDatabase toWrite(
      LedgerPlace.File place, OptionalLong maxPages, Consumer<String> tell) {
    Path file = place.path().toAbsolutePath().normalize();
    try {
      Path folder = file.getParent();
      if (folder == null) {
        throw Trouble.wrong("SLU-9502", "the ledger " + place + " is not a file", "name a file");
      }
      Files.createDirectories(folder);
      refuseNetwork(place, Files.getFileStore(folder).type());
      FileChannel channel = lock(place, file.resolveSibling(file.getFileName() + ".lock"));
      SqliteDatabase database = new SqliteDatabase(place, Optional.of(channel), maxPages, tell);
      try {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      } catch (FileAlreadyExistsException there) {
        // an earlier start made it
      }
      return database;
    } catch (IOException e) {
      throw Trouble.wrong(
          "SLU-9502",
          "the ledger "
              + place
              + " cannot be made: "
              + e.getClass().getSimpleName()
              + ": "
              + e.getMessage(),
          "name a file in a folder that this user may write to");
    }
  }

  /**
   * Opens the file to read it, beside a process that writes.
   *
   * @throws SluiceException SLU-9505 when there is no such file
   */
  static SqliteDatabase toRead(LedgerPlace.File place) {
    if (!Files.isRegularFile(place.path())) {
      throw Trouble.wrong(
          "SLU-9505",
          "there is no ledger " + place,
          "`sluice serve` makes it; name another with --ledger");
    }
    return new SqliteDatabase(place, Optional.empty(), OptionalLong.empty(), words -> {});
  }

  private static FileChannel lock(LedgerPlace.File place, Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // another ledger of this process has it
    }
    channel.close();
    throw Trouble.wrong(
        "SLU-9503",
        "another service writes to the ledger " + place,
        "end it, give this one a ledger of its own, or let both use one PostgreSQL");
  }

  /** A write-ahead log needs memory that all processes share, which no network gives. */
  static void refuseNetwork(LedgerPlace place, String type) {
    if (type.matches("(nfs|cifs|smb|9p|afs|ceph|gluster|lustre|beegfs|gpfs|ocfs2|gfs2).*")
        || type.matches("fuse\\.(sshfs|glusterfs|ceph.*|s3fs|rclone|gcsfuse|blobfuse.*|juicefs)")) {
      throw Trouble.wrong(
          "SLU-9502",
          "the ledger " + place + " is on a file system of a network (" + type + ")",
          "SQLite needs a local disk: move the file, or use postgresql://..");
    }
  }

  @Override
  public LedgerPlace place() {
    return place;
  }

  @Override
  public void migrate() throws SQLException {
    try (Connection connection = connect(true)) {
      try (Statement statement = connection.createStatement()) {
        // how the file is laid out is decided before there is a table
        statement.execute("pragma auto_vacuum = incremental");
        statement.execute("pragma journal_mode = wal");
      }
      connection.setAutoCommit(false);
      Migrations.apply(place, connection, "sqlite");
      connection.commit();
    }
    mover = Thread.ofPlatform().daemon().name("ledger-log").start(this::moveTheLog);
  }

  private String url() {
    return "jdbc:sqlite:" + place.path().toAbsolutePath();
  }

  private static SQLiteConfig config(boolean durable) {
    SQLiteConfig config = new SQLiteConfig();
    config.setBusyTimeout(BUSY_MILLIS);
    config.setSynchronous(
        durable ? SQLiteConfig.SynchronousMode.FULL : SQLiteConfig.SynchronousMode.NORMAL);
    return config;
  }

  private Connection connect(boolean durable) throws SQLException {
    return config(durable).createConnection(url());
  }

  @Override
  public Connection writer(boolean durable) throws SQLException {
    Connection connection = connect(durable);
    try (Statement statement = connection.createStatement()) {
      statement.execute("pragma wal_autocheckpoint = 0");
      statement.execute("pragma journal_size_limit = " + MOVE_BY_FORCE_FROM);
      if (maxPages.isPresent()) {
        statement.execute("pragma max_page_count = " + maxPages.getAsLong());
      }
    }
    connection.setAutoCommit(false);
    return connection;
  }

  @Override
  public Connection reader() throws SQLException {
    Connection connection = connect(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("pragma query_only = on");
    }
    return connection;
  }

  @Override
  public Optional<String> notDurable(Connection writer) {
    return Optional.empty();
  }

  @Override
  public boolean isAboutRows(SQLException failure) {
    return switch (code(failure)) {
      case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE -> true;
      default -> false;
    };
  }

  @Override
  public String words(SQLException failure) {
    return switch (code(failure)) {
      case SQLITE_FULL -> "the disk is full";
      case SQLITE_CORRUPT, SQLITE_NOTADB -> "the file is damaged: " + Trouble.words(failure);
      case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM ->
          "the file cannot be written: " + Trouble.words(failure);
      case SQLITE_IOERR -> "the disk fails: " + Trouble.words(failure);
      default -> Trouble.words(failure);
    };
  }

  private static SQLiteErrorCode code(SQLException failure) {
    return SQLiteErrorCode.getErrorCode(failure.getErrorCode() & 0xff);
  }

  private void moveTheLog() {
    Path log = Path.of(place.path() + "-wal");
    String last = "";
    try {
      while (!ended.await(1, TimeUnit.SECONDS)) {
        long size = log.toFile().length(); // 0 where there is none
        if (size >= MOVE_FROM) {
          String trouble = move(size >= MOVE_BY_FORCE_FROM ? "truncate" : "passive");
          if (!trouble.equals(last) && !trouble.isEmpty()) {
            tell.accept("the log of the ledger " + place + " stays: " + trouble);
          }
          last = trouble;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String move(String how) {
    try (Connection connection = connect(true);
        Statement statement = connection.createStatement()) {
      statement.execute("pragma wal_checkpoint(" + how + ")");
      return "";
    } catch (SQLException e) {
      return words(e);
    } catch (RuntimeException | Error e) {
      // the thread lives on, and tries again
      return e.getClass().getSimpleName() + ": " + Trouble.words(e);
    }
  }

  @Override
  public void close() {
    ended.countDown();
    Thread running = mover;
    if (running != null) {
      try {
        running.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    lockFile.ifPresent(channel -> {
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }
}
