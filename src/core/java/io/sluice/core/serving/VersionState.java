package io.sluice.core.serving;

import java.util.Locale;

/** How far a version is on its way through a service. */
public enum VersionState {
  /** The promotion log names it, and it is not served. */
  ASPIRED,
  /** Its files are read from the registry. */
  FETCHING,
  /** Its files lie in the service's own cache, and are those that the log recorded. */
  VERIFIED,
  /** Its model is in memory and has passed its own probe. */
  LOADED,
  /** Its model has answered as it will have to. */
  WARM,
  /** Requests get it. */
  SERVING,
  /** Another version took its place; calls that began before end on it. */
  DRAINING,
  /** Nobody holds it, and its model is out of memory. */
  CLOSED,
  /** It cannot be served: the reason is in {@link FollowStatus}. */
  REFUSED;

  /** Whether a version in this state may be in that one next. */
  public boolean mayBecome(VersionState next) {
    return switch (this) {
      case ASPIRED -> next == FETCHING || next == VERIFIED || next == REFUSED;
      case FETCHING -> next == VERIFIED || next == REFUSED || next == ASPIRED;
      case VERIFIED -> next == LOADED || next == REFUSED || next == ASPIRED;
      case LOADED -> next == WARM || next == REFUSED || next == ASPIRED;
      case WARM -> next == SERVING;
      case SERVING -> next == DRAINING;
      case DRAINING -> next == CLOSED;
      case CLOSED, REFUSED -> next == ASPIRED;
    };
  }

  /** The word of pages and logs. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
