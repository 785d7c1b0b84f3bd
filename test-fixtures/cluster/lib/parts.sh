# What the cluster runs from. A part is a folder in the cache named after the digest of what it is
# made from, so that it is made once and a changed source makes a new one. Sourced by `cluster`.

# key FILE..: digest of files and folders, and of the versions above
key() {
  (cd "$here" && { echo "$kube_version $tekton_version"; find "$@" -type f -print0 | sort -z | xargs -0 sha256sum; }) |
    sha256sum | cut -c1-16
}

part_paths() {
  [ -z "${debian:-}" ] || return 0
  debian=$cache/debian-$(key lib/debian-packages)
  tools=$cache/tools-$(key images/tools ../../images/debian-rootfs)
  kube=$cache/kube-$(key src/kube)
  tekton=$cache/tekton-$(key src/tekton)
  programs=$cache/services-$(key src/services)
  images=$cache/images-bin-$(key src/images src/pause)
  mlflow=$cache/mlflow-$(key ../../src/mlflow/resources/io/sluice/mlflow/mlflow.lock ../../src/mlflow/test/io/sluice/mlflow/psycopg2.lock)
}

built() {
  part_paths
  local part
  for part in $debian $tools $kube $tekton $programs $images $mlflow; do [ -d "$part" ] || return 1; done
}

build() {
  part_paths
  make_part "$images" images
  make_part "$debian" debian
  make_part "$tools" tools
  make_part "$programs" programs
  make_part "$tekton" tekton
  make_part "$kube" kube
  make_part "$mlflow" mlflow
  stock
}

# make_part DIR NAME: runs build_NAME with an empty folder, which becomes DIR when that is done
make_part() {
  [ -d "$1" ] && return
  rm -rf "$1.new"
  mkdir -p "$1.new"
  say "building $2 .."
  "build_$2" "$1.new" || fail "building $2 failed"
  mv -T "$1.new" "$1"
}

# go_build DIR ARGS..: in a module of src/, with Go's own caches
go_build() {
  (cd "$here/src/$1" && shift && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false go build "$@")
}

# kubectl and the servers say which version they are; a build from the module would say v0.0.0
build_kube() {
  local flags="-s -w" minor=${kube_version#v1.} package
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags="$flags -X $package.gitVersion=$kube_version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
    flags="$flags -X $package.gitTreeState=clean -X $package.buildDate=2026-01-01T00:00:00Z"
  done
  go_build kube -ldflags "$flags" -o "$1/kube" .
}

build_tekton() {
  local module=github.com/tektoncd/pipeline program
  local -a programs=()
  for program in controller webhook events resolvers entrypoint nop workingdirinit sidecarlogresults; do
    programs+=("$module/cmd/$program")
  done
  go_build tekton -ldflags "-s -w" -o "$1/" "${programs[@]}"
  cp -r "$(cd "$here/src/tekton" && go list -m -f '{{.Dir}}' $module)/config" "$1/config"
  chmod -R u+w "$1/config"
}

build_programs() { go_build services -ldflags "-s -w" -o "$1/services" .; }

build_images() {
  go_build images -ldflags "-s -w" -o "$1/images" .
  go_build pause -ldflags "-s -w" -o "$1/pause" .
}

# containerd, runc, CNI plugins, nft, PostgreSQL: unpacked, nothing is installed on the system
build_debian() {
  local debs
  debs=$(mktemp -d)
  chmod 755 "$debs"
  # shellcheck disable=SC2046
  (cd "$debs" && apt-get update -qq && apt-get download -qq $(cat "$here/lib/debian-packages")) >&2
  local deb
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$1"; done
  rm -rf "$debs"
}

build_tools() {
  # shellcheck disable=SC2046
  "$here/../../images/debian-rootfs" "$1" $(cat "$here/images/tools/packages")
  "$here/images/tools/finish" "$1"
}

# MLflow as the project locks it, with the driver of PostgreSQL
build_mlflow() {
  local uv=$here/../../tools/uv locks=$here/../../src/mlflow
  "$uv" venv --quiet --relocatable --python 3.11 "$1/venv"
  "$uv" pip install --quiet --python "$1/venv/bin/python" --require-hashes --no-deps \
    -r "$locks/resources/io/sluice/mlflow/mlflow.lock" -r "$locks/test/io/sluice/mlflow/psycopg2.lock"
}

# stock: the images that the cluster itself needs, in the store
stock() {
  local stamp=$image_store/stock-${tools##*-}-${images##*-}-${tekton##*-} name
  [ -f "$stamp" ] && return
  local store=(--store "$image_store")
  "$images/images" file "${store[@]}" --name pause:1 "$images/pause" /pause >/dev/null
  for name in entrypoint nop workingdirinit sidecarlogresults; do
    "$images/images" file "${store[@]}" --name "tekton/$name:$tekton_version" "$tekton/$name" "/ko-app/$name" >/dev/null
  done
  "$images/images" build "${store[@]}" --name tools:1 --stage rootfs="$tools" "$here/images/tools/Containerfile" >/dev/null
  touch "$stamp"
}
