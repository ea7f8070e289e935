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
    """{"node": version, "samples": {row: [ns]}}, or None where there is no Node to run them with."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("bench/run: no node and npm here (Debian: nodejs, npm), so cockatiel and opossum are left out",
              file=sys.stderr)
        return None
    folder = os.path.join(ROOT, "build/bench-peers")  # what npm installs does not belong beside the sources
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json", "peers.mjs"):
        shutil.copy(os.path.join(BENCH, "peers", name), folder)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True, stdout=sys.stderr)
    said = subprocess.run(["node", "peers.mjs", str(options.repetitions), str(int(options.seconds * 2000))],
                          cwd=folder, check=True, capture_output=True, text=True).stdout
    return json.loads(said)


def documented_peers():
    with open(os.path.join(BENCH, "peers", "documented.json"), encoding="utf-8") as file:
        return json.load(file)["peers"]
