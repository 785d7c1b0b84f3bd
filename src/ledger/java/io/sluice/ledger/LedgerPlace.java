package io.sluice.ledger;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/** Where a ledger is: a file, or a database of PostgreSQL. */
public sealed interface LedgerPlace {

  /** A file of SQLite. */
  record File(Path path) implements LedgerPlace {
    @Override
    public String toString() {
      return path.toString();
    }
  }

  /**
   * A database of PostgreSQL.
   *
   * @param url for JDBC, without credentials
   * @param user empty for the one of the operating system
   * @param password from the address; never shown
   */
  record Server(String url, Optional<String> user, Optional<String> password)
      implements LedgerPlace {
    Properties properties() {
      Properties properties = new Properties();
      user.ifPresent(u -> properties.setProperty("user", u));
      password.ifPresent(p -> properties.setProperty("password", p));
      return properties;
    }

    @Override
    public String toString() {
      return url.substring("jdbc:".length());
    }
  }

  /** The file of a service that was told nothing else, in the folder of its own. */
  static LedgerPlace in(Path folder) {
    return new File(folder.resolve("ledger.sqlite"));
  }

  /**
   * Reads a setting: {@code postgresql://[user[:password]@]host[:port]/database[?parameters]}, or
   * the path of a file.
   *
   * @throws SluiceException SLU-9501 for an address of another kind
   */
  static LedgerPlace parse(String text) {
    int scheme = text.indexOf("://");
    if (scheme < 0) {
      if (text.isBlank() || text.startsWith("jdbc:")) {
        throw wrong("it is neither a path nor an address");
      }
      return new File(Path.of(text));
    }
    String kind = text.substring(0, scheme);
    if (!kind.equals("postgresql") && !kind.equals("postgres")) {
      throw wrong("no ledger is kept in `" + kind + "`");
    }
    try {
      URI uri = new URI(text);
      if (uri.getHost() == null || uri.getPath().length() < 2) {
        throw wrong("it names no host and database");
      }
      String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      if (query.contains("password=") || query.contains("user=")) {
        throw wrong("user and password belong before the host");
      }
      String[] credentials =
          uri.getRawUserInfo() == null ? new String[0] : uri.getRawUserInfo().split(":", 2);
      return new Server(
          "jdbc:postgresql://" + uri.getHost() + port + uri.getRawPath() + query,
          credentials.length > 0 ? Optional.of(decoded(credentials[0])) : Optional.empty(),
          credentials.length > 1 ? Optional.of(decoded(credentials[1])) : Optional.empty());
    } catch (URISyntaxException e) {
      // its message repeats the address, which may hold a password
      throw wrong("it is not an address: " + e.getReason());
    }
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static SluiceException wrong(String why) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-9501",
            "the ledger's place does not read: " + why,
            "give the path of a file, or postgresql://USER:PASSWORD@HOST/DATABASE"));
  }
}
