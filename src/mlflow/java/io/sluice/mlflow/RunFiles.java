package io.sluice.mlflow;

import io.sluice.core.registry.ModelRegistry.FileContent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.mlflow.api.proto.MlflowArtifacts.FileInfo;
import org.mlflow.api.proto.MlflowArtifacts.ListArtifacts;
import org.mlflow.api.proto.Service.RunInfo;

/**
 * The files of one run, over the server's own file service. The client would start MLflow's Python
 * command line for each of them.
 */
final class RunFiles {
  private static final int MAX_DEPTH = 20;
  private static final int MAX_FILES = 100_000;

  private final Rest rest;
  private final String root;

  RunFiles(Rest rest, RunInfo run) {
    this.rest = rest;
    this.root = root(rest.required(run.getArtifactUri(), "artifact_uri"));
  }

  void put(String path, FileContent file) {
    rest.upload(
        root + "/" + path,
        file.size(),
        () -> {
          try {
            return file.source().open();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  InputStream open(String path) {
    return rest.download(root + "/" + path);
  }

  /** The paths of all files, sorted. */
  List<String> list() {
    List<String> found = new ArrayList<>();
    walk("", 0, found);
    Collections.sort(found);
    return List.copyOf(found);
  }

  private void walk(String folder, int depth, List<String> found) {
    if (depth > MAX_DEPTH) {
      throw RegistryErrors.unexpected(rest.uri(), "folders deeper than " + MAX_DEPTH);
    }
    Map<String, Boolean> names = new LinkedHashMap<>();
    for (FileInfo file : filesBelow(folder)) {
      String name = rest.required(file.getPath(), "path");
      name = name.substring(name.lastIndexOf('/') + 1);
      if (!RegistryInput.isSegment(name)) {
        throw RegistryErrors.unexpected(rest.uri(), "a file without a sound name");
      }
      names.put(name, file.getIsDir());
    }
    names.forEach((name, isFolder) -> {
      String path = folder.isEmpty() ? name : folder + "/" + name;
      if (isFolder) {
        walk(path, depth + 1, found);
      } else if (found.size() >= MAX_FILES) {
        throw RegistryErrors.unexpected(rest.uri(), "more than " + MAX_FILES + " files");
      } else {
        found.add(path);
      }
    });
  }

  private List<FileInfo> filesBelow(String folder) {
    return ProtoJson.read(
            rest.list(folder.isEmpty() ? root : root + "/" + folder),
            ListArtifacts.Response.newBuilder())
        .getFilesList();
  }

  /** Where the server keeps a run's files, as a path of its file service. */
  private static String root(String uri) {
    if (!uri.startsWith("mlflow-artifacts:/")) {
      throw RegistryErrors.foreignArtifacts(uri);
    }
    String path = uri.substring("mlflow-artifacts:".length());
    if (path.startsWith("//")) {
      int slash = path.indexOf('/', 2);
      path = slash < 0 ? "/" : path.substring(slash);
    }
    return path.substring(1);
  }
}
