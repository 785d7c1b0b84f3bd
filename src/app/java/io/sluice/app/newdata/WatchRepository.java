package io.sluice.app.newdata;

/** Persistent storage of what is known about one data source. */
public interface WatchRepository {
  /** What is known; {@link WatchState#NEW} when nothing was saved. */
  WatchState state();

  void save(WatchState state);
}
