# Spaces: what a machine would be elsewhere. The control plane and each node have namespaces of their
# own (mounts, network, processes, names), held by one `pause` that is process 1 in there. When that
# ends, however it ends, the kernel ends every process of the space and frees its mounts and network:
# nothing is left to clean up but folders. Sourced by `cluster`.

# holders SPACE: the process id of a space's `unshare`, found by its arguments; nothing if there is none.
# No file can be stale or missing after a kill -9, and one that an older version started is found as well.
# More than one only when a start was cut short.
holders() { pgrep -f "^unshare .*/pause $(echo "$run/$1" | sed 's,[^a-zA-Z0-9 /_-],\\&,g')\$" || true; }

# init SPACE: process 1 of a space, by its id on this machine
init() {
  local parent
  for parent in $(holders "$1"); do
    child_of "$parent"
    return
  done
}

child_of() { cat "/proc/$1/task/$1/children" 2>/dev/null | tr -d ' '; }

alive() { [ -n "$(init "$1")" ]; }

begin_space() {
  setsid unshare --mount --net --pid --uts --ipc --fork --kill-child --mount-proc --propagation private \
    "$images/pause" "$run/$1" >/dev/null 2>&1 </dev/null 9>&- &
  disown
  local tries
  for tries in $(seq 100); do
    [ -n "$(init "$1")" ] && break
    sleep 0.05
  done
  within "$1" sh -c "
    mount --make-rshared / && mount -t tmpfs -o mode=755 run /run &&
    hostname $1 && ip link set lo up && echo 1 >/proc/sys/net/ipv4/ip_forward"
}

end_space() {
  local pid
  for pid in $(holders "$1"); do
    kill -9 "$pid"
    # the holder goes at once, its space with the last process in there
    while [ -d "/proc/$pid" ]; do sleep 0.05; done
  done
  rm -f "$run/pid/$1".*
}

# within SPACE CMD..: runs a command in a space
within() {
  local pid
  pid=$(init "$1")
  [ -n "$pid" ] || fail "$1 is not up"
  shift
  nsenter --target "$pid" --mount --net --pid --uts --ipc -- "$@"
}

# start SPACE NAME CMD..: a server in a space, unless it runs; its log is run/log/SPACE.NAME
start() {
  local space=$1 name=$2 pid
  shift 2
  runs "$space" "$name" && return
  pid=$(init "$space")
  [ -n "$pid" ] || fail "$space is not up"
  setsid nsenter --target "$pid" --mount --net --pid --uts --ipc -- "$@" >>"$run/log/$space.$name" 2>&1 </dev/null 9>&- &
  echo $! >"$run/pid/$space.$name"
  disown
}

runs() {
  local pid
  pid=$(cat "$run/pid/$1.$2" 2>/dev/null) || return 1
  [ -n "$(child_of "$pid")" ]
}

# stop SPACE NAME: ends one server, as a crash would
stop() {
  local pid child
  pid=$(cat "$run/pid/$1.$2" 2>/dev/null) || return 0
  child=$(child_of "$pid")
  [ -z "$child" ] || kill -9 "$child"
  while [ -n "$(child_of "$pid")" ]; do sleep 0.05; done
  rm -f "$run/pid/$1.$2"
}

# await WHAT CMD..: until a command succeeds; long enough for a machine that is busy with other things
await() {
  local end=$((SECONDS + patience)) what=$1
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "gave up waiting for: $what (logs are in $run/log)"
    sleep 0.2
  done
  say "$what"
}

# listens ADDRESS PORT: whether somebody does in the control plane
listens() { within control bash -c "exec 3<>/dev/tcp/$1/$2"; }

# The wire from this machine to the control plane, and from there to each node. No space has a route
# beyond it, so that nothing in there can reach outside.
network() {
  alive control && return
  begin_space control
  local pid
  pid=$(init control)
  ip link del "$link" 2>/dev/null || true
  ip link add "$link" type veth peer name host netns "$pid"
  ip addr add "$host_ip/24" dev "$link"
  ip link set "$link" up
  within control sh -c "
    ip link add nodes type bridge && ip link set nodes up && ip addr add $control_ip/24 dev nodes &&
    ip link set host master nodes && ip link set host up"
  local node
  for node in $nodes; do
    within control ip route add "$(pod_cidr "$node")" via "$(node_ip "$node")" dev nodes onlink
  done
}

# plug NODE: its end of the wire
plug() {
  local other
  within control ip link del "$1" 2>/dev/null || true
  ip link add "$1" netns "$(init control)" type veth peer name eth0 netns "$(init "$1")"
  within control sh -c "ip link set $1 master nodes && ip link set $1 up"
  within "$1" sh -c "ip link set eth0 up && ip addr add $(node_ip "$1")/24 dev eth0"
  for other in $nodes; do
    [ "$other" = "$1" ] || within "$1" ip route add "$(pod_cidr "$other")" via "$(node_ip "$other")" dev eth0 onlink
  done
  # kube-proxy rewrites the address of a service before routing, but a route must exist by then
  within "$1" ip route add $service_cidr dev eth0
}

# clear_state: what the last run left; only when no space is up
clear_state() {
  rm -rf "$run"
  local node cgroups
  for node in $nodes; do
    for cgroups in /sys/fs/cgroup/*/"${link}-$node" "/sys/fs/cgroup/${link}-$node"; do
      [ -d "$cgroups" ] && find "$cgroups" -depth -type d -exec rmdir {} + 2>/dev/null
    done
  done
  return 0
}
