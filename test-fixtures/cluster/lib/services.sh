# What pipelines need beside Kubernetes: names, volumes, MLflow on PostgreSQL, S3. They run in the
# control plane's space and are Services without selector, with their address given by hand.
# Sourced by `cluster`.

mlflow_port=5050

name_resolution() {
  if ! [ -f "$run/kubeconfig/dns" ]; then
    manifest dns | apply -
    kubeconfig dns "$(by_account kube-system coredns)"
  fi
  cat >"$run/Corefile" <<X
.:53 {
  bind $control_ip
  errors
  cache 5
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $run/kubeconfig/dns cluster
    fallthrough
  }
  template ANY ANY {
    rcode NXDOMAIN
  }
}
X
  start control dns "$programs/services" dns -conf "$run/Corefile"
}

volumes() {
  mkdir -p "$run/volumes"
  if ! [ -f "$run/kubeconfig/volumes" ]; then
    manifest volumes | apply -
    kubeconfig volumes "$(by_account kube-system volumes)"
  fi
  start control volumes "$programs/services" volumes --kubeconfig "$run/kubeconfig/volumes" --root "$run/volumes"
}

# services: begun first, because MLflow takes longest
services() {
  secrets
  s3
  postgres
  mlflow
}

await_services() {
  manifest services | apply -
  await "names" listens $control_ip 53
  await "S3" listens 127.0.0.1 9000
  await "MLflow" listens 127.0.0.1 $mlflow_port
}

# secrets: made anew for each cluster
secrets() {
  [ -f "$run/secrets" ] && return
  (umask 077 && printf 's3_key=%s\ns3_secret=%s\npostgres_password=%s\n' \
    "$(openssl rand -hex 10)" "$(openssl rand -hex 20)" "$(openssl rand -hex 12)" >"$run/secrets")
}

s3() {
  . "$run/secrets"
  mkdir -p "$run/buckets/sluice"
  start control s3 env ROOT_ACCESS_KEY="$s3_key" ROOT_SECRET_KEY="$s3_secret" "$programs/services" s3 \
    --addr 0.0.0.0:9000 --root "$run/buckets"
}

# PostgreSQL refuses to run as root, and others may not look into root's folders: it has its own way in.
postgres() {
  . "$run/secrets"
  local data=/run/postgres system=/run/debian
  local -a as=(setpriv --reuid=65534 --regid=65534 --clear-groups env "LD_LIBRARY_PATH=$system/usr/lib/x86_64-linux-gnu")
  if ! [ -d "$run/postgres" ]; then
    mkdir -p "$run/postgres"
    chown 65534:65534 "$run/postgres"
    within control sh -c "
      mkdir $data $system && mount --bind '$run/postgres' $data && mount --bind -o ro '$debian' $system"
    printf '%s' "$postgres_password" | within control sh -c 'umask 077 && cat >/run/password && chown 65534 /run/password'
    within control "${as[@]}" $system/usr/lib/postgresql/15/bin/initdb -D $data -U sluice \
      --pwfile=/run/password -A scram-sha-256 -E UTF8 --no-sync -L $system/usr/share/postgresql/15 >"$run/log/control.initdb" 2>&1
    within control rm /run/password
    echo "host all all $net.0.0/16 scram-sha-256" >>"$run/postgres/pg_hba.conf"
  fi
  start control postgres "${as[@]}" $system/usr/lib/postgresql/15/bin/postgres -D $data -h 0.0.0.0 -p 5432 -k $data -c fsync=off -c jit=off
  await "PostgreSQL" listens 127.0.0.1 5432
}

mlflow() {
  . "$run/secrets"
  mkdir -p "$run/mlflow"
  # MLFLOW_SERVER_.. : without the job runner, whose eight processes no test needs
  start control mlflow env HOME="$run/mlflow" MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false PYTHONDONTWRITEBYTECODE=1 \
    MLFLOW_BACKEND_STORE_URI="postgresql+psycopg2://sluice:$postgres_password@127.0.0.1:5432/postgres" \
    "$mlflow/venv/bin/python" -m mlflow server --host 0.0.0.0 --port $mlflow_port --workers 1 \
    --allowed-hosts "mlflow.services,mlflow.services.svc,mlflow.services.svc.cluster.local,$control_ip:$mlflow_port" \
    --artifacts-destination "$run/mlflow/artifacts"
}

# environment: what tests need to know, for `eval`
environment() {
  . "$run/secrets"
  cat <<X
export KUBECONFIG=$run/kubeconfig/admin
export SLUICE_CLUSTER_REGISTRY=$registry
export SLUICE_CLUSTER_MLFLOW=http://$control_ip:$mlflow_port
export SLUICE_CLUSTER_MLFLOW_IN_PODS=http://mlflow.services.svc.cluster.local
export SLUICE_CLUSTER_S3=http://$control_ip:9000
export SLUICE_CLUSTER_S3_IN_PODS=http://s3.services.svc.cluster.local:9000
export SLUICE_CLUSTER_S3_BUCKET=sluice
export SLUICE_CLUSTER_S3_KEY=$s3_key
export SLUICE_CLUSTER_S3_SECRET=$s3_secret
export SLUICE_CLUSTER_POSTGRES=postgresql://sluice:$postgres_password@$control_ip:5432/postgres
export SLUICE_CLUSTER_POSTGRES_IN_PODS=postgresql://sluice:$postgres_password@postgres.services.svc.cluster.local:5432/postgres
X
}
