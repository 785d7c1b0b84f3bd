package io.sluice.serving.http;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask for what: bearer tokens, of which only SHA-256 digests are known here. The tokens are
 * random, so that a slow hash would add nothing.
 */
public final class Access {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final int MAX_TOKENS = 1000;

  /** What a token may do. */
  public enum Role {
    /** Ask for predictions, and read what describes them. */
    PREDICT,
    /** Look at predictions that need review. */
    REVIEW,
    /** Everything, metrics too. */
    ADMIN;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // compared in constant time, never by equals
  private record Token(String name, Set<Role> roles, byte[] digest) {}

  /**
   * What came of a look at a token.
   *
   * @param name of the token; empty where this service asks for none
   */
  record Granted(Optional<String> name, Set<Role> roles) {
    boolean may(Role role) {
      return roles.contains(role) || roles.contains(Role.ADMIN);
    }
  }

  private final List<Token> tokens;

  private Access(List<Token> tokens) {
    this.tokens = List.copyOf(tokens);
  }

  /** Everybody may everything: for a service that only this machine reaches. */
  public static Access open() {
    return new Access(List.of());
  }

  /** Whether everybody may everything. */
  public boolean isOpen() {
    return tokens.isEmpty();
  }

  /**
   * Reads tokens: a line for each, {@code NAME ROLE[,ROLE] sha256:DIGEST}; empty lines and lines
   * that begin with # mean nothing.
   *
   * @param file what messages call it
   * @throws SluiceException SLU-9202 (exit code 2): which line is wrong, without its content
   */
  public static Access parse(String text, String file) {
    List<Token> tokens = new ArrayList<>();
    Set<String> names = new TreeSet<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String trimmed = line.strip();
      if (trimmed.isEmpty() || trimmed.startsWith("#")) {
        continue;
      }
      String[] words = trimmed.split("\\s+", -1);
      if (words.length != 3 || !NAME.matcher(words[0]).matches()) {
        throw wrong(file, number, "it is not `NAME ROLE[,ROLE] sha256:DIGEST`");
      }
      if (!DIGEST.matcher(words[2]).matches()) {
        throw wrong(
            file,
            number,
            "its third word is not sha256: and 64 hexadecimal digits; a token itself has no place"
                + " in this file");
      }
      if (!names.add(words[0])) {
        throw wrong(file, number, "its name is there twice");
      }
      tokens.add(
          new Token(
              words[0],
              roles(words[1], file, number),
              HexFormat.of().parseHex(words[2], "sha256:".length(), words[2].length())));
    }
    if (tokens.isEmpty() || tokens.size() > MAX_TOKENS) {
      throw wrong(file, number, "it holds %d tokens, not 1 to 1000".formatted(tokens.size()));
    }
    return new Access(tokens);
  }

  private static Set<Role> roles(String text, String file, int line) {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (String word : text.split(",", -1)) {
      roles.add(
          Stream.of(Role.values())
              .filter(r -> r.word().equals(word))
              .findFirst()
              .orElseThrow(() -> wrong(file, line, "its roles are predict, review or admin")));
    }
    return roles;
  }

  private static SluiceException wrong(String file, int line, String what) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-9202",
            "%s, line %d: %s".formatted(file, line, what),
            "for a token: openssl rand -hex 32; for its line: printf %s TOKEN | sha256sum"));
  }

  /**
   * Looks at the header {@code Authorization}. Compares with every token, each in constant time.
   *
   * @return empty when it grants nothing
   */
  Optional<Granted> look(@Nullable String authorization) {
    if (isOpen()) {
      return Optional.of(new Granted(Optional.empty(), EnumSet.of(Role.ADMIN)));
    }
    if (authorization == null
        || authorization.length() > 1024
        || !authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
      return Optional.empty();
    }
    byte[] digest =
        io.sluice.core.artifact.Digest.sha256()
            .digest(authorization.substring(7).strip().getBytes(StandardCharsets.UTF_8));
    Optional<Token> found = Optional.empty();
    for (Token token : tokens) {
      if (MessageDigest.isEqual(token.digest(), digest)) {
        found = Optional.of(token);
      }
    }
    Arrays.fill(digest, (byte) 0);
    return found.map(t -> new Granted(Optional.of(t.name()), t.roles()));
  }
}
