# Tekton: its objects from its own module, its programs in the control plane's space, each acting as
# its own service account. Sourced by `cluster`.

# released FILE..: objects as a release would give them
released() {
  local file
  for file in "$@"; do
    echo ---
    sed "s/\"devel\"/\"$tekton_version\"/; s/version: devel/version: $tekton_version/" "$file"
    echo
  done
}

tekton() {
  local config=$tekton/config
  if ! [ -f "$run/tekton.applied" ]; then
    released "$config"/100-namespace/*.yaml "$config"/300-crds/*.yaml "$config"/resolvers/100-*.yaml | apply -
    released "$config"/2*.yaml "$config"/config-*.yaml "$config"/clusterrole-*.yaml "$config"/500-webhooks.yaml \
      "$config"/resolvers/2*.yaml "$config"/resolvers/*config*.yaml | apply -
    manifest tekton | apply -
    # for the `restricted` Pod Security level, Tekton must give its own init containers a context too
    k -n tekton-pipelines patch configmap feature-flags --type merge -p '{"data": {"set-security-context": "true"}}' >/dev/null
    kubeconfig tekton-webhook "$(by_account tekton-pipelines tekton-pipelines-webhook)"
    kubeconfig tekton-controller "$(by_account tekton-pipelines tekton-pipelines-controller)"
    kubeconfig tekton-events "$(by_account tekton-pipelines tekton-events-controller)"
    kubeconfig tekton-resolvers "$(by_account tekton-pipelines-resolvers tekton-pipelines-resolvers)"
    touch "$run/tekton.applied"
    say "Tekton's objects"
  fi
  local image=$registry/tekton
  tekton_program webhook tekton-pipelines 1 WEBHOOK_PORT=8443 \
    WEBHOOK_ADMISSION_CONTROLLER_NAME=webhook.pipeline.tekton.dev WEBHOOK_SERVICE_NAME=tekton-pipelines-webhook \
    WEBHOOK_SECRET_NAME=webhook-certs METRICS_DOMAIN=tekton.dev/pipeline "$tekton/webhook"
  tekton_program controller tekton-pipelines 2 METRICS_DOMAIN=tekton.dev/pipeline "$tekton/controller" -disable-ha \
    -entrypoint-image "$image/entrypoint:$tekton_version" -nop-image "$image/nop:$tekton_version" \
    -sidecarlogresults-image "$image/sidecarlogresults:$tekton_version" -workingdirinit-image "$image/workingdirinit:$tekton_version" \
    -shell-image "$registry/tools:1" -shell-image-win "$registry/tools:1"
  tekton_program events tekton-pipelines 3 METRICS_DOMAIN=tekton.dev/pipeline "$tekton/events"
  tekton_program resolvers tekton-pipelines-resolvers 4 METRICS_DOMAIN=tekton.dev/resolution \
    TEKTON_HUB_API= ARTIFACT_HUB_API=https://artifacthub.io/ HOME="$run" "$tekton/resolvers"
}

# tekton_program NAME NAMESPACE NUMBER VARIABLE=VALUE.. CMD..: they share one network here, so each has
# ports by its number
tekton_program() {
  local name=$1 namespace=$2 number=$3
  shift 3
  start control "tekton-$name" env KUBECONFIG="$run/kubeconfig/tekton-$name" SYSTEM_NAMESPACE="$namespace" KUBERNETES_MIN_VERSION=v1.28.0 \
    CONFIG_DEFAULTS_NAME=config-defaults CONFIG_LOGGING_NAME=config-logging CONFIG_OBSERVABILITY_NAME=config-observability \
    CONFIG_FEATURE_FLAGS_NAME=feature-flags CONFIG_SPIRE=config-spire CONFIG_LEADERELECTION_NAME="config-leader-election-$name" \
    PROBES_PORT="${number}8080" METRICS_PROMETHEUS_PORT="${number}9090" PROFILING_PORT="${number}8008" POD_NAME="$name-0" "$@"
}

# The webhook fills in its rules itself: only a refusal of a bad Task shows that it is in force.
refuses() {
  printf 'apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: probe}\nspec: {steps: [{name: a, image: x}, {name: a, image: x}]}\n' |
    (k create --dry-run=server -f - 2>&1 || true) | grep -q 'validation.webhook.pipeline.tekton.dev.* denied'
}

defaults() {
  printf 'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: probe}\nspec: {taskRef: {name: x}}\n' |
    k create --dry-run=server -o yaml -f - | grep -q 'timeout:'
}

await_tekton() {
  await "Tekton's webhook refuses a bad task" refuses
  await "Tekton's webhook sets defaults" defaults
  await "Tekton's controller up" listens 127.0.0.1 28080
}
