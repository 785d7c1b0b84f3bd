# Names, addresses and versions. Sourced by `cluster`.

cache=${SLUICE_CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice/cluster} # what was built
run=${SLUICE_CLUSTER_RUN:-$cache/run}                                         # state of what runs
link=${SLUICE_CLUSTER_LINK:-sluice0}                                          # its end of the wire on this machine
net=${SLUICE_CLUSTER_NET:-10.98}                                              # first half of its addresses

image_store=$cache/images
registry=127.0.0.1:5000 # the name that images bear; nodes and Tekton reach it as such

host_ip=$net.0.1
control_ip=$net.0.2
service_cidr=10.96.0.0/16
dns_ip=10.96.0.10
nodes="node1 node2"
patience=600 # seconds that one part may take to come up

kube_version=v1.34.4
tekton_version=v1.15.0

started_at=$(date +%s%N)
say() { printf '%6.1fs %s\n' "$((($(date +%s%N) - started_at) / 100000000))e-1" "$*" >&2; }
fail() { printf 'cluster: %s\n' "$*" >&2; exit 1; }

# One `cluster` command at a time; servers must not inherit the lock (see `start`).
locked() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
}

node_ip() { echo "$net.0.1${1#node}"; }
pod_cidr() { echo "$net.1${1#node}.0/24"; }

# obstacles: what keeps this machine from running the cluster, one sentence a line; nothing if it can.
obstacles() {
  [ "$(uname -sm)" = "Linux x86_64" ] || { echo "The test cluster runs on Linux x86-64, and this is $(uname -sm)."; return; }
  [ "$(id -u)" = 0 ] || { echo "The test cluster makes namespaces and control groups, and needs root for it."; return; }
  local tool missing=""
  for tool in ip nsenter unshare setpriv pgrep openssl flock apt-get dpkg python3; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
  done
  [ -z "$missing" ] || echo "The test cluster needs programs that are not on the PATH:$missing."
  unshare --mount --net --pid --uts --ipc --fork true 2>/dev/null ||
    echo "This machine does not let root make namespaces (is it a container itself?)."
  unshare --net ip link add probe type bridge 2>/dev/null || echo "This machine's kernel has no network bridges."
  grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || echo "This machine's kernel has no overlay file system."
  [ -d /sys/fs/cgroup/memory ] || [ -f /sys/fs/cgroup/cgroup.controllers ] || echo "No control groups are mounted at /sys/fs/cgroup."
  if ! built; then
    local go
    go=$(go env GOVERSION 2>/dev/null || true)
    [ "$(printf 'go1.26.4\n%s\n' "$go" | sort -V | head -1)" = go1.26.4 ] ||
      echo "Building Kubernetes and Tekton needs Go 1.26.4 or newer, and this machine has ${go:-none}."
  fi
}
