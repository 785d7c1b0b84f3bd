"""What does a stage cost on a cluster, beside a hand-written PipelineRun of the same commands?

`cluster_overhead.py STAGES [ROUNDS] [WIDTH]`, with the variables that `test-fixtures/cluster/cluster env` prints and
after `mvn -DskipTests verify`. A pipeline gets STAGES stages more, in WIDTH chains (1), each of which says a word.
Round by round it is run by `sluice run --on` and then by `kubectl create` of a PipelineRun with a task of one step for
each, in the same image. Prints the seconds from the submission to the first word of a command, the seconds a stage
takes in its chain, pods, and what the client and the API server said to each other: requests and bytes, counted on a
line between them. No hand-written run has a cache, a store or a record: the ratio is the price of those.
"""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = ROOT / "test-fixtures/cluster/cluster"
NAMESPACE = "overhead"
REQUEST = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) /\S* HTTP/1\.1\r\n")
SECURE = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Line:
    """Passes bytes to a port and counts them, and the requests among them."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.requests = 0
        self.sent = 0
        self.received = 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]
        threading.Thread(target=self.take, daemon=True).start()

    def take(self) -> None:
        while True:
            client, _ = self.door.accept()
            server = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.there, args=(client, server), daemon=True).start()
            threading.Thread(target=self.back, args=(server, client), daemon=True).start()

    def there(self, source: socket.socket, target: socket.socket) -> None:
        rest = b""
        for part in parts(source, target):
            self.sent += len(part)
            text = rest + part
            self.requests += len(REQUEST.findall(text))
            last = max((m.end() for m in REQUEST.finditer(text)), default=0)
            rest = text[last:][-4000:]

    def back(self, source: socket.socket, target: socket.socket) -> None:
        for part in parts(source, target):
            self.received += len(part)

    def counted(self) -> dict[str, float]:
        now = {"requests": self.requests, "kB sent": self.sent / 1e3, "kB received": self.received / 1e3}
        self.requests = self.sent = self.received = 0
        return now


def parts(source: socket.socket, target: socket.socket) -> Any:
    try:
        while part := source.recv(65536):
            yield part
            target.sendall(part)
    except OSError:
        pass  # one side hung up: the other side is closed below
    finally:
        for end in source, target:
            end.close()


def kubectl(*arguments: str, given: str | None = None) -> str:
    command = [str(CLUSTER), "kubectl", "-n", NAMESPACE, *arguments]
    return subprocess.run(command, input=given, text=True, check=True, stdout=subprocess.PIPE).stdout


def image(*arguments: str) -> str:
    return subprocess.run(
        [str(ROOT / "images/build"), *arguments], text=True, check=True, stdout=subprocess.PIPE
    ).stdout.strip()


def at(text: str) -> float:
    return datetime.fromisoformat(re.sub(r"\.(\d{6})\d*Z$", r".\1Z", text).replace("Z", "+00:00")).timestamp()


def prepare(folder: Path, links: list[tuple[str, str | None]], tools: str) -> None:
    """The namespace with a store, and the pipeline of the catalog's tests with the stages."""
    subprocess.run(
        [str(CLUSTER), "kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    env = os.environ
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    mlflow = {"MLFLOW_TRACKING_URI": env["SLUICE_CLUSTER_MLFLOW_IN_PODS"]}
    claim = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    for thing in (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": level}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mlflow"}, "stringData": mlflow},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "store"}, "spec": claim},
    ):
        kubectl("apply", "-f", "-", given=json.dumps(thing))
    (folder / "targets").mkdir()
    (folder / "src").mkdir()
    for file in (ROOT / "test-fixtures/catalog/src").iterdir():
        (folder / "src" / file.name).write_text(file.read_text())
    target = {
        "apiVersion": "sluice.io/v1alpha1",
        "kind": "Target",
        "namespace": NAMESPACE,
        "store": {"claim": "store"},
        "registry": {"read": "mlflow", "write": "mlflow", "uri": env["SLUICE_CLUSTER_MLFLOW"]},
        "images": {
            "worker": image("worker"),
            "tuner": image("tuner"),
            "drift": image("drift"),
            "environments": {"python": tools},
        },
    }
    (folder / "targets/cluster.yaml").write_text(json.dumps(target))
    spec = (ROOT / "test-fixtures/catalog/sluice.yaml").read_text()
    stages = "stages:\n"
    for name, before in links:
        source = f"{before}.out" if before else "data.weeks"
        stages += (
            f"  {name}:\n    environment: python\n    inputs: {{ before: {source} }}\n    outputs: [out]\n"
            f'    run: echo "ready {name}"; echo {name} > "$SLUICE_OUTPUTS/out"\n'
        )
    (folder / "sluice.yaml").write_text(spec.replace("stages:\n", stages, 1))


def chains(taskruns: list[dict[str, Any]], names: set[str], width: int) -> float:
    """Seconds from the first stage's start to the last one's end, by stages in a row."""
    mine = [t["status"] for t in taskruns if t["metadata"]["labels"]["tekton.dev/pipelineTask"] in names]
    start = min(at(s["startTime"]) for s in mine)
    return (max(at(s["completionTime"]) for s in mine) - start) / (len(names) / width)


def taskruns(run: str) -> list[dict[str, Any]]:
    found = json.loads(kubectl("get", "taskruns", "-l", f"tekton.dev/pipelineRun={run}", "-o", "json"))
    return list(found["items"])


def pods(run: str) -> int:
    return len(kubectl("get", "pods", "-l", f"tekton.dev/pipelineRun={run}", "-o", "name").split())


def ours(folder: Path, access: Path, line: Line, run: str, names: set[str], width: int) -> dict[str, float]:
    # as of a day of its own: nothing of an earlier round is a hit
    day = f"2026-03-{int(run.rsplit('-', 1)[1]) + 1:02d}"
    env = {
        **os.environ,
        "KUBECONFIG": str(access),
        "MLFLOW_TRACKING_URI": os.environ["SLUICE_CLUSTER_MLFLOW"],
        # without TLS every request would ask for an upgrade, which `kubectl proxy` takes for a web socket's
        "HTTP2_DISABLE": "true",
    }
    line.counted()
    began = time.time()
    command = ["run", ".", "--on", "cluster", "--json", "--run-id", run, "--as-of", day]
    said = subprocess.run(
        [str(ROOT / "sluice"), *command], cwd=folder, env=env, text=True, stdout=subprocess.PIPE, check=True
    )
    counted = line.counted()
    events = [json.loads(e) for e in said.stdout.splitlines() if e.startswith("{")]
    created = next(at(e["at"]) for e in events if e["event"] == "runStarted")
    words = [at(e["at"]) for e in events if e["event"] == "logLine" and e["stage"] == "resolve"]
    told = {e["stage"] for e in events if e["event"] == "stageFinished" and e["status"] == "succeeded"}
    if missing := names - told:
        raise SystemExit(f"not told of {sorted(missing)[:5]}")
    return {
        "submission to first word": words[0] - created,
        "command to first word": words[0] - began,
        "a stage": chains(taskruns(run), names, width),
        "pods": pods(run),
        "stages": len([e for e in events if e["event"] == "stageStarted"]),
        **counted,
    }


def theirs(line: Line, run: str, links: list[tuple[str, str | None]], tools: str, width: int) -> dict[str, float]:
    tasks = [
        {
            "name": name,
            **({"runAfter": [before]} if before else {}),
            "taskSpec": {
                "steps": [
                    {
                        "name": "run",
                        "image": tools,
                        "securityContext": SECURE,
                        "script": f"#!/bin/sh\necho ready {name}\n",
                    }
                ]
            },
        }
        for name, before in links
    ]
    thing = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {"name": run},
        "spec": {
            "pipelineSpec": {"tasks": tasks},
            "taskRunTemplate": {"podTemplate": {"securityContext": {"runAsUser": 65532, "fsGroup": 65532}}},
        },
    }
    server = f"--server=http://127.0.0.1:{line.port}"
    line.counted()
    began = time.time()
    kubectl(server, "create", "-f", "-", given=json.dumps(thing))
    selector = f"tekton.dev/pipelineRun={run},tekton.dev/pipelineTask={links[0][0]}"
    while not kubectl("get", "pods", "-l", selector, "-o", "jsonpath={.items[*].status.startTime}"):
        time.sleep(0.1)
    pod = kubectl("get", "pods", "-l", selector, "-o", "jsonpath={.items[0].metadata.name}")
    while (
        "ready"
        not in subprocess.run(
            [str(CLUSTER), "kubectl", "-n", NAMESPACE, "logs", pod, "-c", "step-run"],
            text=True,
            capture_output=True,
            check=False,
        ).stdout
    ):
        time.sleep(0.1)
    first = time.time() - began
    kubectl(server, "wait", f"pipelinerun/{run}", "--for=jsonpath={.status.completionTime}", "--timeout=3600s")
    names = {name for name, _ in links}
    return {
        "submission to first word": first,
        "command to first word": first,
        "a stage": chains(taskruns(run), names, width),
        "pods": pods(run),
        "stages": len(links),
        **line.counted(),
    }


def main() -> None:
    stages = int(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    width = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    links = [(f"link{i}", f"link{i - width}" if i >= width else None) for i in range(stages)]
    tools = image("tuner")  # has a shell and Python
    proxy = subprocess.Popen(
        [str(CLUSTER), "kubectl", "proxy", "--port=0", "--reject-paths=^$"], text=True, stdout=subprocess.PIPE
    )
    assert proxy.stdout is not None
    line = Line(int(proxy.stdout.readline().rsplit(":", 1)[1]))
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "pipeline"
            folder.mkdir()
            prepare(folder, links, tools)
            access = Path(name) / "kubeconfig"
            access.write_text(
                json.dumps(
                    {
                        "apiVersion": "v1",
                        "kind": "Config",
                        "current-context": "counted",
                        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{line.port}"}}],
                        "users": [{"name": "u", "user": {}}],
                        "contexts": [{"name": "counted", "context": {"cluster": "c", "user": "u"}}],
                    }
                )
            )
            mine, plain = [], []
            for i in range(rounds):
                mine.append(ours(folder, access, line, f"ours-{i}", {n for n, _ in links}, width))
                plain.append(theirs(line, f"plain-{i}", links, tools, width))
                print(json.dumps({"sluice": mine[-1], "by hand": plain[-1]}), flush=True)
            print(f"{'median of ' + str(rounds):28}{'sluice':>10}{'by hand':>10}{'ratio':>8}")
            for key in mine[0]:
                a, b = (statistics.median(r[key] for r in runs) for runs in (mine, plain))
                print(f"{key:28}{a:10.1f}{b:10.1f}{a / b:8.2f}")
    finally:
        proxy.terminate()


if __name__ == "__main__":
    main()
