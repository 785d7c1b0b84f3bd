package io.sluice.app.run;

import io.sluice.core.run.RunId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Ids of runs and executions out of where they were asked for. A caller that asks again from the
 * same place, after a crash say, gets the same id, and so finds what it had started.
 *
 * @param instance of the asking program: two of them may share a cluster
 * @param build within that instance
 */
public record Identity(String instance, String build) {
  private static final int DIGITS = 20;

  /**
   * The id of a whole run.
   *
   * @param node of the build's flow that asked for it
   */
  public RunId run(String node) {
    return id("j", node);
  }

  /** The id of one execution within a run, by the node that asked for it. */
  public RunId execution(String node) {
    return id("x", node);
  }

  private RunId id(String letter, String node) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (String part : new String[] {letter, instance, build, node}) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        // lengths keep ("a", "bc") apart from ("ab", "c")
        sha.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        sha.update(bytes);
      }
      String hex = HexFormat.of().formatHex(sha.digest());
      return new RunId(letter + "-" + hex.substring(0, DIGITS));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
