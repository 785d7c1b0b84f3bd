package io.sluice.local.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The memory that a process and all that it started hold, as {@code /proc} tells it: pages that no
 * file stands behind (heaps, stacks, shared memory). Files that are mapped or cached do not count:
 * the kernel takes those back when others need the room. Files of a tmpfs that are mapped do count:
 * their pages are shared memory, and there is nowhere to take them back to.
 *
 * <p>Those that left their parent are known by a token in their environment, as {@code
 * supervisor.sh} knows them. To be used by one thread.
 */
final class HeldMemory {
  private static final Path PROC = Path.of("/proc");

  /** What {@code /proc/PID/stat} says: its fields 4 and 22. */
  private record Stat(long parent, String started) {}

  private final long root;
  private final String variable;

  /**
   * Every process that was looked at, by its id: when it started, and whether it is one of them.
   */
  private final Map<Long, Seen> seen = new HashMap<>();

  private record Seen(String started, boolean member) {}

  /**
   * That of a process.
   *
   * @param variable {@code NAME=VALUE}, which it and all that it starts have in their environment
   */
  HeldMemory(long root, String variable) {
    this.root = root;
    this.variable = variable;
  }

  /** Whether this machine tells how much memory a process holds. */
  static boolean isKnown() {
    return field("self", "status", "RssAnon:") >= 0;
  }

  /**
   * How many bytes they hold now.
   *
   * @param enough a number that need not be exceeded exactly: pages that processes share count once
   *     for each of them while all together do not exceed it, which takes less time to find out
   * @param anew whether to look at every process of the machine; otherwise only at those whose id
   *     is new, which is many times cheaper, and takes an id that was given again for its first
   *     owner
   */
  long bytes(long enough, boolean anew) throws IOException {
    List<Long> all = processes(anew);
    long upper = 0;
    for (long pid : all) {
      upper += upper(pid);
    }
    if (upper <= enough) {
      return upper;
    }
    long exact = 0;
    for (long pid : all) {
      long anonymous = field(Long.toString(pid), "smaps_rollup", "Pss_Anon:");
      long shared = field(Long.toString(pid), "smaps_rollup", "Pss_Shmem:");
      // a kernel before 5.3 does not tell, and one that has ended holds nothing
      exact += anonymous < 0 || shared < 0 ? upper(pid) : anonymous + shared;
    }
    return exact;
  }

  private static long upper(long pid) {
    String name = Long.toString(pid);
    return Math.max(0, field(name, "status", "RssAnon:"))
        + Math.max(0, field(name, "status", "RssShmem:"));
  }

  /**
   * Finds them among the processes of the machine. What a process is, is known from its start on:
   * it has the token, or one of them started it.
   */
  private List<Long> processes(boolean anew) throws IOException {
    Set<Long> there = new HashSet<>();
    Map<Long, List<Long>> children = new HashMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path entry : entries) {
        long pid = Long.parseLong(entry.getFileName().toString());
        Seen known = seen.get(pid);
        Stat stat = anew || known == null ? stat(entry) : null;
        if (stat != null) {
          children.computeIfAbsent(stat.parent(), p -> new ArrayList<>()).add(pid);
          if (known == null || !known.started().equals(stat.started())) {
            seen.put(pid, new Seen(stat.started(), hasVariable(pid)));
          }
        }
        if (stat != null || (known != null && !anew)) {
          there.add(pid);
        }
      }
    }
    seen.keySet().retainAll(there);
    Deque<Long> open = new ArrayDeque<>();
    open.add(root);
    seen.forEach((pid, known) -> {
      if (known.member()) {
        open.add(pid);
      }
    });
    Set<Long> found = new HashSet<>();
    while (!open.isEmpty()) {
      long pid = open.remove();
      Seen known = seen.get(pid);
      if (known != null && found.add(pid)) {
        seen.put(pid, new Seen(known.started(), true));
        open.addAll(children.getOrDefault(pid, List.of()));
      }
    }
    return List.copyOf(found);
  }

  private boolean hasVariable(long pid) {
    try {
      String all =
          Files.readString(
              PROC.resolve(Long.toString(pid)).resolve("environ"), StandardCharsets.ISO_8859_1);
      return ("\0" + all).contains("\0" + variable);
    } catch (IOException e) {
      return false; // it has ended, or is another user's
    }
  }

  /** Null for a process that has ended meanwhile. */
  private static @Nullable Stat stat(Path process) {
    try {
      String text = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
      // The name in parentheses may hold anything, blanks and parentheses too.
      String[] after = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
      return new Stat(Long.parseLong(after[1]), after[19]);
    } catch (IOException e) {
      return null;
    }
  }

  /** A field in bytes; negative where the file or the field is not there. */
  private static long field(String process, String file, String name) {
    try {
      for (String line :
          Files.readString(PROC.resolve(process).resolve(file), StandardCharsets.ISO_8859_1)
              .split("\n", -1)) {
        if (line.startsWith(name)) {
          String value = line.substring(name.length()).strip();
          return Long.parseLong(value.substring(0, value.indexOf(' '))) << 10;
        }
      }
      return -1;
    } catch (IOException e) {
      return -1;
    }
  }
}
