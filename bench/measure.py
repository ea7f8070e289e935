"""Runs the programs that measure the core and its peers, and returns what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BENCH = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(BENCH)
PROGRAMS = ("bench_core", "bench_memory")


def build():
    """The preset `release`, only what is needed; returns the folder of the programs."""
    run = lambda *command: subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)  # noqa: E731
    run("tools/install_dependencies.sh", "build", "test", "bench")
    run("cmake", "--preset", "release", "--log-level=NOTICE")
    run("cmake", "--build", "--preset", "release", "--target", *PROGRAMS)
    return os.path.join(ROOT, "build/release/bench")


def core(folder, options):
    """Nanoseconds a call as each thread sees it, of every repetition: {row: [ns]}."""
    with tempfile.TemporaryDirectory(prefix="switchgear-bench-") as scratch:
        said = os.path.join(scratch, "core.json")
        subprocess.run([
            os.path.join(folder, "bench_core"),
            f"--benchmark_filter={options.filter}",
            f"--benchmark_repetitions={options.repetitions}",
            f"--benchmark_min_time={options.seconds}",
            "--benchmark_enable_random_interleaving=true",
            f"--benchmark_out={said}",
            "--benchmark_out_format=json",
        ], check=True, stdout=subprocess.DEVNULL)
        with open(said, encoding="utf-8") as file:
            runs = json.load(file)["benchmarks"]
    samples = {}
    for run in runs:
        if run["run_type"] != "iteration":
            continue
        row = re.sub(r"/real_time|/threads:\d+", "", run["name"])
        if run.get("error_occurred"):
            raise SystemExit(f"bench/run: {row}: {run['error_message']}")
        # Google Benchmark divides the time by the calls of all threads together.
        samples.setdefault(row, []).append(run["real_time"] * run["threads"])
    return samples


def memory(folder):
    """{name: bytes}"""
    said = subprocess.run([os.path.join(folder, "bench_memory")], check=True, capture_output=True, text=True).stdout
    return json.loads(said)


def peers(options):
    """What each runtime that is here says of its breakers: [{"runtime": name, "samples": {row: [ns]}}]. A row is
    library/rule, library/rule/2on1, library/refused, or what the runtime's own call costs."""
    if not options.programs:
        subprocess.run(["tools/install_dependencies.sh", "peers"], cwd=ROOT, check=True, stdout=sys.stderr)
    folder = os.path.join(ROOT, "build/bench-peers")  # what npm and go make does not belong beside the sources
    os.makedirs(folder, exist_ok=True)
    many = [str(options.repetitions), str(int(options.seconds * 2000))]
    said = []
    for prepare in (node_peers, go_peers, python_peers):
        command = prepare(folder)
        if command is None:
            print(f"bench/run: left out, because what they need is not here: {prepare.__doc__}", file=sys.stderr)
            continue
        done = subprocess.run([*command, *many], cwd=folder, check=True, capture_output=True, text=True)
        said.append(json.loads(done.stdout))
    return said


def node_peers(folder):
    """cockatiel and opossum (Debian: nodejs, npm)"""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    for name in ("package.json", "package-lock.json", "peers.mjs"):
        shutil.copy(os.path.join(BENCH, "peers", name), folder)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True, stdout=sys.stderr)
    return ["node", "peers.mjs"]


def go_peers(folder):
    """go-resiliency (Debian: golang-go, golang-gopkg-eapache-go-resiliency.v1-dev)"""
    sources = "/usr/share/gocode"
    if not shutil.which("go") or not os.path.isdir(os.path.join(sources, "src/gopkg.in/eapache/go-resiliency.v1")):
        return None
    there = {"GO111MODULE": "off", "GOPATH": sources, "GOCACHE": os.path.join(folder, "gocache")}
    program = os.path.join(folder, "peers_go")
    subprocess.run(["go", "build", "-o", program, os.path.join(BENCH, "peers", "peers.go")],
                   env={**os.environ, **there}, check=True, stdout=sys.stderr)
    return [program]


def python_peers(_folder):
    """circuitbreaker (Debian: python3-circuitbreaker)"""
    python = "/usr/bin/python3"  # whose packages Debian's are
    found = subprocess.run([python, "-c", "import circuitbreaker"], capture_output=True, check=False)
    return [python, "-B", os.path.join(BENCH, "peers", "peers.py")] if found.returncode == 0 else None


def documented_peers():
    with open(os.path.join(BENCH, "peers", "documented.json"), encoding="utf-8") as file:
        return json.load(file)["peers"]
