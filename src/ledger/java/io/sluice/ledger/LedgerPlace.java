package io.sluice.ledger;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
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
      return file(text);
    }
    String kind = text.substring(0, scheme);
    if (!kind.equals("postgresql") && !kind.equals("postgres")) {
      throw wrong(
          kind.matches("[A-Za-z][A-Za-z0-9+-]*")
              ? "no ledger is kept in `" + kind + "`"
              : "it is neither a path nor an address");
    }
    try {
      URI uri = new URI(text);
      if (uri.getHost() == null || uri.getPath().length() < 2) {
        throw wrong("it names no host and database");
      }
      String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
      // a password with an unescaped character ends up behind it
      if (uri.getRawPath().contains("@") || uri.getRawFragment() != null) {
        throw wrong("a special character of user or password is to be written as %XX");
      }
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      String names = decoded(query).toLowerCase(Locale.ROOT);
      if (names.contains("password") || names.contains("user=") || names.contains("@")) {
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

  /**
   * The path of a file. What looks like an address is none: a file of that name would be made, and
   * its name, which may hold a password, would be shown.
   */
  private static LedgerPlace file(String text) {
    boolean nearlyServer =
        text.matches("(?i)postgres(ql)?\\b.*") && !text.matches("[^/:@]*(/[^:@]*)?");
    boolean otherScheme = text.matches("[A-Za-z][A-Za-z0-9+.-]+:.*");
    boolean credentials = text.matches("[^@]*:[^@]*@.*");
    boolean address = nearlyServer || otherScheme || credentials;
    if (text.isBlank() || address) {
      throw wrong("it is neither a path nor an address");
    }
    try {
      return new File(Path.of(text));
    } catch (InvalidPathException e) {
      throw wrong("it is not a path: " + e.getReason());
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
            "give the path of a file (./ before a name with a colon), or"
                + " postgresql://USER:PASSWORD@HOST/DATABASE"));
  }
}
