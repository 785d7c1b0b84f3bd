# What ./sluice of a clone and bin/sluice of a distribution share: finding a Java and starting the program on it.
# To be sourced by bash.

# A service and a bare container have no HOME, or an empty one, which would be the root of the file system: bash then takes ~
# from the user database, as the JVM does.
[ -n "${HOME:-}" ] || unset HOME
HOME=${HOME-~}

fail() { # ID MESSAGE HINT EXIT
  printf 'error[%s]: %s\nhint: %s\n' "$1" "$2" "$3" >&2
  exit "$4"
}

# A value from the `release` file of a Java's home: no JVM is started for it.
release_value() { # HOME KEY
  local line
  [ -r "$1/release" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "$2=\""*)
        line=${line#*\"}
        printf '%s\n' "${line%%\"*}"
        return
        ;;
    esac
  done <"$1/release"
}

# The feature release of a Java, such as 21.
feature_of() { # HOME
  local version
  version=$(release_value "$1" JAVA_VERSION)
  printf '%s\n' "${version%%[!0-9]*}"
}

# Names a Java so that no other one has the same name, as far as class data goes.
runtime_of() { # HOME
  local key
  for key in IMPLEMENTOR JAVA_RUNTIME_VERSION OS_ARCH IMAGE_TYPE; do printf '%s;' "$(release_value "$1" "$key")"; done
  printf '\n'
}

# Whether a home has the program (java, or javac for a JDK) in a version that we can use.
usable() { # HOME PROGRAM
  local version
  [ -x "$1/bin/$2" ] || return 1
  version=$(feature_of "$1")
  [ "${version:-0}" -ge 21 ]
}

# The Java to use: the one that a variable names, else the newest that is installed.
find_java() { # PROGRAM
  local candidate version best="" best_version=0
  for candidate in "${SLUICE_JAVA_HOME:-}" "${JAVA_HOME:-}"; do
    if [ -n "$candidate" ] && usable "$candidate" "$1"; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  for candidate in /usr/lib/jvm/* /usr/java/* /opt/java/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home "$(dirname "$(dirname "$(readlink -f "$(command -v "$1" || true)")")")"; do
    usable "$candidate" "$1" || continue
    version=$(feature_of "$candidate")
    if [ "$version" -gt "$best_version" ]; then
      best=$candidate
      best_version=$version
    fi
  done
  [ -n "$best" ] || return 1
  printf '%s\n' "$best"
}

# Replaces the shell by the program. The caller's array class_data has the flags that say where class data is.
start() { # JAVA_HOME SLUICE_HOME CLASS_PATH ARGUMENTS..
  local java=$1 home=$2 class_path=$3 flags own
  shift 3
  flags=(-XX:+UseSerialGC -Xshare:auto ${class_data[@]+"${class_data[@]}"} -Xlog:cds=off -Xlog:cds+dynamic=off)
  case "${1:-}" in
    run) flags+=(-Xmx1g) ;;
    serve) flags+=(-Xmx512m) ;;
    *) flags+=(-XX:TieredStopAtLevel=1) ;;
  esac
  if [ "$(feature_of "$java")" -ge 22 ]; then flags+=(--enable-native-access=ALL-UNNAMED); fi
  # MLflow's client brings a protobuf that uses sun.misc.Unsafe, of which JDK 24 and later warn on each start; a no-op before.
  flags+=(-Dsun.misc.unsafe.memory.access=allow)
  # Only a shell can tell: since JDK 22 System.console() is there for pipes too.
  if [ -t 1 ]; then flags+=(-Dsluice.terminal=true); fi
  # The user's own flags come last, so that they win: SLUICE_JAVA_OPTIONS=-Xmx4g.
  read -r -a own <<<"${SLUICE_JAVA_OPTIONS:-}"
  # In a locale without UTF-8 (a CI agent has none) the JVM could open no file whose name is not ASCII.
  [ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8
  SLUICE_HOME="$home" exec "$java/bin/java" "${flags[@]}" ${own[@]+"${own[@]}"} -cp "$class_path" io.sluice.cli.Main "$@"
}
