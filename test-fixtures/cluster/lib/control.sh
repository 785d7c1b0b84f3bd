# The control plane: etcd, API server, controllers, scheduler, and the images. Sourced by `cluster`.

pki=$run/pki

# certificate NAME SUBJECT [ADDRESSES]: signed by the cluster's authority, for clients and servers
certificate() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/$1.key"
  openssl req -new -key "$pki/$1.key" -subj "$2" -out "$pki/$1.csr"
  printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=%s\n' "${3:-DNS:none.invalid}" >"$pki/$1.ext"
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 30 \
    -extfile "$pki/$1.ext" -out "$pki/$1.crt" 2>/dev/null
}

keys() {
  [ -f "$pki/done" ] && return
  mkdir -p "$pki"
  chmod 700 "$pki"
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/ca.key"
  openssl req -x509 -new -key "$pki/ca.key" -subj /CN=cluster-ca -days 30 -out "$pki/ca.crt"
  openssl genrsa -out "$pki/accounts.key" 2048 2>/dev/null
  openssl rsa -in "$pki/accounts.key" -pubout -out "$pki/accounts.pub" 2>/dev/null
  certificate apiserver /CN=kube-apiserver \
    "IP:127.0.0.1,IP:$control_ip,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
  certificate admin /O=system:masters/CN=admin
  certificate controllers /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate proxy /CN=system:kube-proxy
  local node
  for node in $nodes; do
    certificate "$node" "/O=system:nodes/CN=system:node:$node" "IP:$(node_ip "$node"),DNS:$node"
  done
  touch "$pki/done"
}

# kubeconfig NAME USER: how NAME reaches the API server, with a user entry in YAML's flow form
kubeconfig() {
  cat >"$run/kubeconfig/$1" <<K
apiVersion: v1
kind: Config
current-context: cluster
clusters: [{name: cluster, cluster: {server: "https://$control_ip:6443", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}}]
users: [{name: user, user: $2}]
contexts: [{name: cluster, context: {cluster: cluster, user: user}}]
K
  chmod 600 "$run/kubeconfig/$1"
}

by_certificate() {
  echo "{client-certificate-data: $(base64 -w0 "$pki/$1.crt"), client-key-data: $(base64 -w0 "$pki/$1.key")}"
}

# by_account NAMESPACE NAME: as a service account, so that its permissions are the real ones
by_account() { echo "{token: $(k -n "$1" create token "$2" --duration=720h)}"; }

k() { KUBECONFIG=$run/kubeconfig/admin "$kube/kube" kubectl "$@"; }

apply() { k apply --server-side --force-conflicts -f "$@" >/dev/null; }

# manifest NAME: a file of manifests/ with the names in it that settings.sh gives
manifest() {
  sed "s/@CONTROL_IP@/$control_ip/g; s/@DNS_IP@/$dns_ip/g" "$here/manifests/$1.yaml"
}

start_apiserver() {
  start control apiserver "$kube/kube" kube-apiserver --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=6443 \
    --advertise-address=$control_ip --service-cluster-ip-range=$service_cidr --authorization-mode=Node,RBAC \
    --allow-privileged=true --enable-aggregator-routing=true --enable-admission-plugins=NodeRestriction \
    --client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key" --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/accounts.pub" \
    --service-account-signing-key-file="$pki/accounts.key" --profiling=false
}

control_plane() {
  keys
  local name node
  for name in admin controllers scheduler proxy; do kubeconfig $name "$(by_certificate $name)"; done
  for node in $nodes; do kubeconfig "$node" "$(by_certificate "$node")"; done
  start control images "$images/images" serve --store "$image_store" --addr 0.0.0.0:5000
  start control etcd "$kube/kube" etcd --data-dir "$run/etcd" --unsafe-no-fsync --log-level=warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380
  start_apiserver
  await "API server ready" k get --raw /readyz
  start control controllers "$kube/kube" kube-controller-manager --kubeconfig="$run/kubeconfig/controllers" --leader-elect=false \
    --bind-address=127.0.0.1 --profiling=false --service-account-private-key-file="$pki/accounts.key" --root-ca-file="$pki/ca.crt" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" --use-service-account-credentials=true \
    --node-monitor-grace-period=20s
  start control scheduler "$kube/kube" kube-scheduler --kubeconfig="$run/kubeconfig/scheduler" --leader-elect=false \
    --bind-address=127.0.0.1 --profiling=false
}

# restart SERVER: of the control plane, as after a crash
restart() {
  local command
  [ -f "$run/pid/control.$1" ] || fail "no server $1: there are $(cd "$run/pid" && echo control.* | sed 's/control\.//g')"
  mapfile -d '' -t command <"/proc/$(child_of "$(cat "$run/pid/control.$1")")/cmdline"
  mapfile -d '' -t variables <"/proc/$(child_of "$(cat "$run/pid/control.$1")")/environ"
  stop control "$1"
  start control "$1" env -i "${variables[@]}" "${command[@]}"
}
