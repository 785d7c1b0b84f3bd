package io.sluice.mlflow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.registry.ModelRegistry.Registration;
import java.util.List;
import java.util.regex.Pattern;

/** Checks of what is to be registered, before anything is sent: names, paths, tags, lengths. */
final class RegistryInput {
  private static final int MAX_TAG_KEY = 250;
  private static final int MAX_TAG_VALUE = 8000;

  private static final Pattern MODEL_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._ -]{0,199}");
  private static final Pattern SEGMENT = Pattern.compile("[^/\\\\\\p{Cntrl}]{1,255}");
  private static final Pattern PLAIN_KEY = Pattern.compile("[A-Za-z0-9._:/@-]{1,200}");

  private RegistryInput() {}

  /**
   * The name of a model, which may stand in a search filter.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-5010 when it is not one
   */
  static String modelName(String model) {
    if (!MODEL_NAME.matcher(model).matches() || model.endsWith(MlflowPromotionLog.SUFFIX)) {
      throw RegistryErrors.wrongInput(
          "the model name '"
              + cut(model, 100)
              + "' (letters, digits, '.', '_', '-' and spaces, not ending in "
              + MlflowPromotionLog.SUFFIX
              + ")");
    }
    return model;
  }

  /** A key that may stand quoted in a search filter: one that could end the quotes is hashed. */
  static String key(String key) {
    return PLAIN_KEY.matcher(key).matches() ? key : Digest.of(key).toString();
  }

  static void checkFiles(Registration r, String bundle) {
    r.bundle().forEach(f -> checkPath(f.path()));
    for (FileContent f : r.extra()) {
      checkPath(f.path());
      if (f.path().equals(bundle) || f.path().startsWith(bundle + "/")) {
        throw RegistryErrors.wrongInput("the file " + f.path() + " would change the bundle");
      }
    }
    if (r.bundle().isEmpty()) {
      throw RegistryErrors.wrongInput("a version of " + r.model() + " without a bundle");
    }
  }

  static void checkPath(String path) {
    for (String segment : List.of(path.split("/", -1))) {
      if (!isSegment(segment)) {
        throw RegistryErrors.wrongInput("not a safe relative path: " + cut(path, 100));
      }
    }
  }

  /** Whether a name may be one part of a path. */
  static boolean isSegment(String name) {
    return SEGMENT.matcher(name).matches() && !name.equals("..") && !name.equals(".");
  }

  static void checkTag(String key, String value) {
    if (key.isEmpty() || key.length() > MAX_TAG_KEY || value.length() > MAX_TAG_VALUE) {
      throw RegistryErrors.wrongInput(
          "the tag "
              + cut(key, 100)
              + ": names hold "
              + MAX_TAG_KEY
              + " and values "
              + MAX_TAG_VALUE
              + " characters at most");
    }
  }

  /** The start of a text, without half of a character at its end. */
  static String cut(String text, int length) {
    if (text.length() <= length) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
    return text.substring(0, end);
  }
}
