package io.sluice.systemtests;

import io.sluice.app.SourceTree;
import io.sluice.platform.PipelineFolder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** A folder with another {@code sluice.yaml} in it. */
record WithSpec(SourceTree rest, String spec) implements SourceTree {
  @Override
  public String name() {
    return rest.name();
  }

  @Override
  public Optional<byte[]> read(String path) {
    return path.equals(PipelineFolder.SPEC)
        ? Optional.of(spec.getBytes(StandardCharsets.UTF_8))
        : rest.read(path);
  }

  @Override
  public List<CodeFile> files() {
    return rest.files();
  }

  @Override
  public Optional<Commit> commit() {
    return rest.commit();
  }
}
