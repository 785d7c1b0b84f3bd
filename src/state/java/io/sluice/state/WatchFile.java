package io.sluice.state;

import io.sluice.app.newdata.WatchRepository;
import io.sluice.app.newdata.WatchState;
import java.nio.file.Path;

/** A file with what is known about one data source. */
public final class WatchFile implements WatchRepository {
  private final StateFile file;

  public WatchFile(Path path) {
    this.file = new StateFile(path);
  }

  @Override
  public WatchState state() {
    return file.text().map(WatchState::parse).orElse(WatchState.NEW);
  }

  @Override
  public void save(WatchState state) {
    file.write(state.json());
  }
}
