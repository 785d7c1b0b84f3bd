package io.sluice.core.spec;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A part of a run for which Sluice brings an image. A role is declared here alone: the target's
 * {@code images}, the pipeline's parameters, the images of a run and the environments on this
 * machine follow from it.
 */
public enum ImageRole {
  /** Fetch, store, and the stages whose step is a command of the worker; every run has them. */
  WORKER("sluice-worker", "the worker", "the image with sluice-worker"),
  /** The sidecar of a tune stage. */
  TUNER("sluice_ml", "the tuner", "the image of the tuner's sidecar"),
  /** The step of a drift stage. */
  DRIFT("sluice_ml and Evidently", "the drift stage", "the image of the drift stage");

  private final String content;
  private final String who;
  private final String help;

  ImageRole(String content, String who, String help) {
    this.content = content;
    this.who = who;
    this.help = help;
  }

  /** As a target and a parameter name it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The programs that the image has. */
  public String content() {
    return content;
  }

  /** The part of a run, in a sentence. */
  public String who() {
    return who;
  }

  /** What a target says with it. */
  String help() {
    return help;
  }

  /** This role's image among those of a run or a target. */
  public Optional<String> in(Map<ImageRole, String> images) {
    return Optional.ofNullable(images.get(this));
  }
}
