package io.sluice.worker.source;

import io.sluice.app.CodeSelection;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.ExitCode;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.CommonOptions;
import io.sluice.worker.command.WorkerContext;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * {@code sluice-worker receive}: brings code into the store, from a tar archive on standard input
 * (what an upload pod runs) or in a file (what git left). The last line on standard output is the
 * digest of the code's manifest, which is what a run's parameter {@code code} wants; the same files
 * have the same digest on a laptop.
 */
public final class Receive {
  /** A client sends at once; a pod whose client has died is not to wait for it. */
  private static final Duration PATIENCE = Duration.ofSeconds(45);

  private static final Pattern ID = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

  private final WorkerContext context;
  private final Path storeFolder;
  private final boolean untrusted;
  private final Optional<Path> file;
  private final Optional<Path> resultCode;
  private final String folder;
  private final CodeSelection selection;
  private final boolean leaveOutLinks;
  private final Optional<String> tree;
  private final Optional<String> expectedTree;

  private Receive(WorkerContext context, Arguments arguments) {
    this.context = context;
    this.storeFolder = arguments.path("--store");
    this.untrusted = CommonOptions.untrusted(arguments);
    this.file = arguments.optionalPath("--file");
    this.resultCode = arguments.optionalPath("--result-code");
    this.folder = arguments.nonEmpty("--folder").filter(f -> !f.equals(".")).orElse("");
    List<String> globs = arguments.list("--include");
    this.selection = selection(globs.isEmpty() ? List.of("**") : globs);
    this.leaveOutLinks =
        switch (arguments.nonEmpty("--links").orElse("refuse")) {
          case "refuse" -> false;
          case "leave-out" -> true;
          default -> throw Arguments.wrong("--links is neither refuse nor leave-out");
        };
    this.tree = id(arguments, "--tree");
    this.expectedTree = id(arguments, "--expected-tree");
  }

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    var grammar =
        new Arguments.Grammar(
            Set.of("--store"),
            Set.of(
                "--file",
                "--result-code",
                "--folder",
                "--links",
                "--tree",
                "--expected-tree",
                "--untrusted",
                "--include"),
            Set.of("--include"),
            false);
    return new Receive(context, Arguments.read(argv, grammar, context.cwd())).run();
  }

  private static CodeSelection selection(List<String> globs) {
    try {
      return new CodeSelection(globs);
    } catch (IllegalArgumentException e) {
      throw Arguments.wrong("--include: " + e.getMessage());
    }
  }

  private static Optional<String> id(Arguments arguments, String option) {
    Optional<String> id = arguments.nonEmpty(option);
    id.filter(i -> !ID.matcher(i).matches())
        .ifPresent(i -> {
          throw Arguments.wrong(option + " is not an id of git: 40 or 64 lower-case hex digits");
        });
    return id;
  }

  private int run() throws IOException {
    ArtifactStore store = context.stores().open(storeFolder, untrusted);
    Taken taken = new Taken(store);
    try (InputStream in = new BufferedInputStream(source(), 64 << 10)) {
      SourceArchive.read(in, SourceArchive.Bounds.DEFAULT, taken);
    }
    taken.git.ifPresent(this::check);
    if (taken.entries.isEmpty()) {
      throw SourceArchive.wrong(
          "SLU-4624",
          "no file of the archive is code",
          "look at --folder and --include: they are the pipeline's folder and its code.include");
    }
    Manifest manifest = new Manifest(Optional.empty(), Map.of(), taken.entries);
    Digest digest = store.put(new ByteArrayInputStream(manifest.bytes()));
    context
        .out()
        .println(
            taken.entries.size()
                + " files of code"
                + (taken.links == 0 ? "" : ", " + taken.links + " links left out"));
    if (resultCode.isPresent()) {
      Files.writeString(resultCode.get(), digest.toString());
    }
    context.out().println(digest);
    return ExitCode.DONE.code();
  }

  private InputStream source() throws IOException {
    if (file.isEmpty()) {
      return new SentInput(context.in(), PATIENCE);
    }
    try {
      return Files.newInputStream(file.get());
    } catch (NoSuchFileException e) {
      throw Arguments.wrong("--file: there is no " + file.get());
    }
  }

  private void check(GitTree git) {
    String found = git.id();
    for (Optional<String> wanted : List.of(tree, expectedTree)) {
      if (wanted.isPresent() && !wanted.get().equals(found)) {
        throw SourceArchive.wrong(
            "SLU-4623",
            "the code has the tree hash " + found + ", wanted was " + wanted.get(),
            "is it the right commit? Submodules, and files that .gitattributes changes on their"
                + " way out, are not supported");
      }
    }
  }

  /** What of the archive is code, as it goes by. */
  private final class Taken implements SourceArchive.Visitor {
    private final ArtifactStore store;
    private final List<Manifest.Entry> entries = new ArrayList<>();
    private final Optional<GitTree> git;
    private int links;

    Taken(ArtifactStore store) {
      this.store = store;
      this.git = tree.or(() -> expectedTree).map(GitTree::new);
    }

    @Override
    public void file(String path, boolean executable, long size, InputStream content)
        throws IOException {
      if (git.isEmpty()) {
        take(path, executable, size, content);
        return;
      }
      GitTree.Hashed hashed = git.get().file(path, executable, size, content);
      take(path, executable, size, hashed);
      hashed.add();
    }

    private void take(String path, boolean executable, long size, InputStream content)
        throws IOException {
      Optional<String> relative = relative(path);
      if (relative.isPresent() && selection.takes(relative.get())) {
        entries.add(new Manifest.Entry(relative.get(), executable, size, store.put(content)));
      }
    }

    @Override
    public void link(String path, String target) {
      if (!leaveOutLinks) {
        throw SourceArchive.refused(path, "is a symbolic link");
      }
      links++;
      git.ifPresent(g -> g.link(path, target));
    }

    private Optional<String> relative(String path) {
      if (folder.isEmpty()) {
        return Optional.of(path);
      }
      return path.startsWith(folder + "/")
          ? Optional.of(path.substring(folder.length() + 1))
          : Optional.empty();
    }
  }
}
