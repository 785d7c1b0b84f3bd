# A node: containerd, kubelet, kube-proxy. Sourced by `cluster`.

node_up() {
  local node=$1 state=$run/$1
  alive "$node" && return
  mkdir -p "$state"/{containerd,cni,kubelet,volumeplugins,podlogs} "$state/certs.d/_default"
  remember_kernel_settings
  control_groups "$node"
  begin_space "$node"
  plug "$node"
  # the paths that the kubelet does not let one choose
  within "$node" sh -c "
    mkdir -p /var/lib/kubelet /var/log/containers &&
    mount -t tmpfs kubelet /var/lib/kubelet && mount -t tmpfs logs /var/log/containers"
  pod_network "$node" >"$state/cni/10-pods.conflist"
  image_source >"$state/certs.d/_default/hosts.toml"
  containerd_settings "$node" >"$state/containerd.toml"
  kubelet_settings "$node" >"$state/kubelet.yaml"
  proxy_settings "$node" >"$state/proxy.yaml"
  local -a with=(env "PATH=$debian/usr/bin:$debian/usr/sbin:$PATH" "LD_LIBRARY_PATH=$debian/usr/lib/x86_64-linux-gnu")
  start "$node" containerd "${with[@]}" containerd -c "$state/containerd.toml" -l warn
  await "$node: containerd" within "$node" "${with[@]}" ctr version
  start "$node" kubelet "${with[@]}" "$kube/kube" kubelet --config="$state/kubelet.yaml" \
    --kubeconfig="$run/kubeconfig/$node" --root-dir="$state/kubelet" --hostname-override="$node" --node-ip="$(node_ip "$node")" --v=1
  start "$node" proxy "${with[@]}" "$kube/kube" kube-proxy --config="$state/proxy.yaml"
}

# node_down NODE: at once and with everything on it, as when a machine loses power
node_down() {
  end_space "$1"
  rm -rf "${run:?}/$1"
}

node_ready() {
  k get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True
}

# The kubelet wants a control group of its own below each controller; on version 1, a new group has
# no processors and no memory until it is given some.
control_groups() {
  local controller file group=${link}-$1
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$group"
    return
  fi
  for controller in /sys/fs/cgroup/*/; do
    [ "$(basename "$controller")" = unified ] && continue
    mkdir -p "$controller$group"
    for file in cpuset.cpus cpuset.mems; do
      if [ -f "$controller$file" ]; then cat "$controller$file" >"$controller$group/$file"; fi
    done
  done
}

# The kubelet sets these for the whole machine; `down` gives them back.
kernel_settings="vm/overcommit_memory kernel/panic kernel/panic_on_oops"

remember_kernel_settings() {
  [ -f "$run/kernel" ] && return
  local setting
  for setting in $kernel_settings; do echo "$setting $(cat "/proc/sys/$setting")"; done >"$run/kernel"
}

restore_kernel_settings() {
  [ -f "$run/kernel" ] || return 0
  local setting value
  while read -r setting value; do echo "$value" >"/proc/sys/$setting"; done <"$run/kernel"
}

pod_network() {
  cat <<X
{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "ptp", "ipMasq": false, "mtu": 1500, "ipam": {
  "type": "host-local", "dataDir": "$run/$1/addresses", "ranges": [[{"subnet": "$(pod_cidr "$1")"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
X
}

# image_source: whatever registry an image names, it comes from the cluster's own
image_source() {
  cat <<X
server = "http://$control_ip:5000"
[host."http://$control_ip:5000"]
  capabilities = ["pull", "resolve"]
X
}

containerd_settings() {
  cat <<X
version = 2
root = "$run/$1/containerd"
state = "/run/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$registry/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$debian/usr/lib/cni"
    conf_dir = "$run/$1/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$run/$1/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "$debian/usr/sbin/runc"
        SystemdCgroup = false
X
}

kubelet_settings() {
  cat <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $(node_ip "$1")
healthzBindAddress: 127.0.0.1
tlsCertFile: $pki/$1.crt
tlsPrivateKeyFile: $pki/$1.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /${link}-$1
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
serializeImagePulls: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}
maxPods: 110
clusterDNS: [$dns_ip]
clusterDomain: cluster.local
resolvConf: ""
podLogsDir: $run/$1/podlogs
volumePluginDir: $run/$1/volumeplugins
registerNode: true
nodeStatusUpdateFrequency: 5s
kubeAPIQPS: 100
kubeAPIBurst: 200
eventRecordQPS: 100
eventBurst: 200
X
}

proxy_settings() {
  cat <<X
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $run/kubeconfig/proxy}
bindAddress: $(node_ip "$1")
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
hostnameOverride: $1
mode: nftables
clusterCIDR: $net.0.0/16
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
nodePortAddresses: [primary]
X
}
