package io.jenkins.plugins.sluice.pipeline;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.remoting.VirtualChannel;
import io.sluice.app.SourceTree;
import io.sluice.app.run.MemoryTree;
import io.sluice.app.run.RecordingSourceTree;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import jenkins.MasterToSlaveFileCallable;
import jenkins.scm.api.SCMFile;
import jenkins.scm.api.SCMFileSystem;
import jenkins.scm.api.SCMHead;
import jenkins.scm.api.SCMRevision;
import jenkins.scm.api.SCMRevisionAction;
import jenkins.scm.api.SCMSource;
import jenkins.scm.api.mixin.ChangeRequestSCMHead;
import org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * The files of a pipeline's folder: of the workspace inside of {@code node}, else of the repository
 * at the built revision, read without a checkout. Never of the controller's own disk.
 */
@Restricted(NoExternalUse.class)
public final class PipelineFiles {
  /** All files of the folder together; a pipeline holds code, not data. */
  private static final long LIMIT_BYTES = 64L << 20;

  private static final Set<String> LEFT_OUT = Set.of(".git", ".sluice", ".venv", "__pycache__");

  private final Job<?, ?> job;
  private final @Nullable Run<?, ?> build;
  private final TaskListener listener;
  private @Nullable SCMRevision newest;

  public PipelineFiles(Run<?, ?> build, TaskListener listener) {
    this.job = build.getParent();
    this.build = build;
    this.listener = listener;
  }

  /** The files at the newest revision, between builds. */
  public PipelineFiles(Job<?, ?> job, TaskListener listener) {
    this.job = job;
    this.build = null;
    this.listener = listener;
  }

  /**
   * What was read.
   *
   * @param target content of {@code targets/<name>.yaml}, beside the pipeline or at the root
   */
  public record Found(RecordingSourceTree tree, Optional<String> target) {}

  /** Whether this is the job of a pull request, whose code is not accepted yet. */
  public static boolean isPullRequest(Job<?, ?> job) {
    return SCMHead.HeadByItem.findHead(job) instanceof ChangeRequestSCMHead;
  }

  /**
   * Reads a pipeline.
   *
   * @param workspace null outside of {@code node}
   * @param target name of the target that is wanted
   */
  public Found read(@Nullable FilePath workspace, RunRequest request, String target)
      throws IOException, InterruptedException {
    String folder = clean(request.pipeline());
    if (!clean(request.spec()).equals(request.spec())) {
      throw new AbortException(
          "the spec is a file of the pipeline's folder, not " + request.spec());
    }
    Map<String, byte[]> files = new HashMap<>();
    Map<String, Boolean> executables = new HashMap<>();
    Optional<String> named;
    if (workspace != null) {
      FilePath root = workspace.child(folder);
      if (!root.isDirectory()) {
        throw new AbortException("there is no folder " + folder + " in the workspace");
      }
      for (Map.Entry<String, Object[]> e : root.act(new Walk()).entrySet()) {
        files.put(e.getKey(), (byte[]) e.getValue()[0]);
        executables.put(e.getKey(), (Boolean) e.getValue()[1]);
      }
      named = text(files.get("targets/" + target + ".yaml"));
      if (named.isEmpty()) {
        byte[] above = workspace.act(new ReadFile("targets/" + target + ".yaml"));
        named = text(above.length == 0 ? null : above);
      }
      trustedSpec(folder, request.spec()).ifPresent(bytes -> files.put(request.spec(), bytes));
    } else {
      try (SCMFileSystem fs = repository()) {
        SCMFile root = fs.child(folder);
        if (!root.isDirectory()) {
          throw new AbortException("the repository has no folder " + folder);
        }
        long[] left = {LIMIT_BYTES};
        walk(root, "", files, left);
        named = text(files.get("targets/" + target + ".yaml"));
        if (named.isEmpty()) {
          SCMFile above = fs.child("targets/" + target + ".yaml");
          named = above.isFile() ? text(above.contentAsBytes()) : Optional.empty();
        }
      }
      trustedSpec(folder, request.spec()).ifPresent(bytes -> files.put(request.spec(), bytes));
    }
    Map<String, MemoryTree.Entry> entries = new HashMap<>();
    files.forEach((path, content) ->
        entries.put(
            path, new MemoryTree.Entry(content, executables.getOrDefault(path, Boolean.FALSE))));
    return new Found(new RecordingSourceTree(new MemoryTree(folder, entries, commit())), named);
  }

  /** The commit that is built, for the record. */
  private Optional<SourceTree.Commit> commit() {
    SCMSource source = SCMSource.SourceByItem.findSource(job);
    SCMRevision revision =
        build == null
            ? newest
            : source == null ? null : SCMRevisionAction.getRevision(source, build);
    return revision == null
        ? Optional.empty()
        : Optional.of(new SourceTree.Commit(revision.toString(), SourceTree.Changes.NONE));
  }

  /**
   * The spec of the revision that is trusted, when the one that is built is not: a proposal of a
   * stranger does not say by which rules it is judged, nor in which images it runs.
   */
  private Optional<byte[]> trustedSpec(String folder, String spec)
      throws IOException, InterruptedException {
    SCMSource source = SCMSource.SourceByItem.findSource(job);
    SCMHead head = SCMHead.HeadByItem.findHead(job);
    if (source == null || head == null || !isPullRequest(job)) {
      return Optional.empty();
    }
    SCMRevision proposed = revision(source, head);
    if (proposed == null) {
      throw new AbortException(
          "it is not known which revision of the pull request is built, and so not whether its spec"
              + " is to be trusted");
    }
    SCMRevision trusted = source.getTrustedRevision(proposed, listener);
    if (trusted.equals(proposed)) {
      return Optional.empty(); // its author may change the repository as well
    }
    // by the head of its own: asked for the pull request's, GitHub's finds no trusted revision
    try (SCMFileSystem fs = SCMFileSystem.of(source, trusted.getHead(), trusted)) {
      if (fs == null) {
        throw new AbortException(
            "the branch that this pull request goes to cannot be read without a checkout, and its"
                + " spec is what counts");
      }
      String path = folder.isEmpty() ? spec : folder + "/" + spec;
      SCMFile file = fs.child(path);
      if (!file.isFile()) {
        throw new AbortException("the branch that this pull request goes to has no " + path);
      }
      return Optional.of(file.contentAsBytes());
    }
  }

  /**
   * The revision that is built. A build that has none yet, as one that was restarted from a stage,
   * gets the newest, which {@code checkout scm} in it takes as well from then on.
   */
  private @Nullable SCMRevision revision(SCMSource source, SCMHead head)
      throws IOException, InterruptedException {
    SCMRevision revision = build == null ? null : SCMRevisionAction.getRevision(source, build);
    if (revision == null) {
      revision = source.fetch(head, listener);
      if (revision != null && build != null) {
        build.addAction(new SCMRevisionAction(source, revision));
      }
    }
    return revision;
  }

  private SCMFileSystem repository() throws IOException, InterruptedException {
    SCMSource source = SCMSource.SourceByItem.findSource(job);
    SCMHead head = SCMHead.HeadByItem.findHead(job);
    SCMFileSystem fs;
    if (source != null && head != null) {
      fs = SCMFileSystem.of(source, head, revision(source, head));
    } else if (job instanceof WorkflowJob pipeline
        && pipeline.getDefinition() instanceof CpsScmFlowDefinition definition) {
      // with the build: names of branches may have parameters in them
      fs = SCMFileSystem.of(job, definition.getScm(), /* rev= */ null, build);
    } else {
      throw new AbortException(
          "the job has no repository of its own: call the step inside of node { checkout .. }");
    }
    if (fs == null) {
      throw new AbortException(
          "this repository cannot be read without a checkout: call the step inside of node {"
              + " checkout scm; .. }");
    }
    if (build == null) {
      newest = fs.getRevision();
    }
    return fs;
  }

  private static void walk(SCMFile at, String path, Map<String, byte[]> into, long[] left)
      throws IOException, InterruptedException {
    for (SCMFile child : at.children()) {
      String name = path + child.getName();
      if (child.isDirectory()) {
        if (!LEFT_OUT.contains(child.getName())) {
          walk(child, name + "/", into, left);
        }
      } else if (child.isFile()) {
        byte[] content = child.contentAsBytes();
        left[0] -= content.length;
        if (left[0] < 0) {
          throw tooMuch();
        }
        into.put(name, content);
      }
    }
  }

  private static AbortException tooMuch() {
    return new AbortException(
        "the pipeline's folder holds more than "
            + (LIMIT_BYTES >> 20)
            + " MiB: keep data elsewhere");
  }

  private static Optional<String> text(byte @Nullable [] bytes) {
    return bytes == null
        ? Optional.empty()
        : Optional.of(new String(bytes, java.nio.charset.StandardCharsets.UTF_8));
  }

  /** A relative folder without ways out of where it is. */
  public static String clean(String folder) throws AbortException {
    String clean = folder.strip().replaceAll("^\\./|/+$", "");
    if (clean.equals(".")) {
      return "";
    }
    if (clean.startsWith("/") || clean.contains("\\") || List.of(clean.split("/")).contains("..")) {
      throw new AbortException("the pipeline is a folder of the repository, not " + folder);
    }
    return clean;
  }

  /**
   * Reads a folder where it is; sends bytes and truth values by path, and no class of the plugin.
   */
  private static final class Walk extends MasterToSlaveFileCallable<Map<String, Object[]>> {
    private static final long serialVersionUID = 1L;

    @Override
    public Map<String, Object[]> invoke(File folder, VirtualChannel channel) throws IOException {
      Map<String, Object[]> out = new HashMap<>();
      Path root = folder.toPath();
      long[] left = {LIMIT_BYTES};
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
              Path name = dir.getFileName();
              return name != null && !dir.equals(root) && LEFT_OUT.contains(name.toString())
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              if (attributes.isRegularFile()) { // a link is none: it may lead anywhere
                left[0] -= attributes.size();
                if (left[0] < 0) {
                  throw tooMuch();
                }
                out.put(
                    root.relativize(file).toString().replace('\\', '/'),
                    new Object[] {Files.readAllBytes(file), Files.isExecutable(file)});
              }
              return FileVisitResult.CONTINUE;
            }
          });
      return out;
    }
  }

  /** Reads one file where it is; empty when there is none. */
  private static final class ReadFile extends MasterToSlaveFileCallable<byte[]> {
    private static final long serialVersionUID = 1L;
    private final String path;

    ReadFile(String path) {
      this.path = path;
    }

    @Override
    public byte[] invoke(File folder, VirtualChannel channel) throws IOException {
      Path file = folder.toPath().resolve(path).normalize();
      return file.startsWith(folder.toPath())
              && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          ? Files.readAllBytes(file)
          : new byte[0];
    }
  }
}
