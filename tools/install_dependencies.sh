#!/usr/bin/env bash
# Installs the Debian 12 packages the named groups need. Asks nothing, and does nothing
# for what is already there, so every script may call it first.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: tools/install_dependencies.sh [--list] GROUP...

groups:
  build   compiler, CMake and the libraries of the gateway and the adapters
  test    what ./test needs besides: GoogleTest, nginx, promtool, Chromium
  bench   the other proxies, the load generator and the measuring tools
  peers   the other breakers that Debian has, and what runs those of npm
  ci      clang, the sanitizer runtimes, clang-format and clang-tidy
  spin    the model checker of tests/model/spin

--list    print the packages instead of installing them
TEXT
}

build_packages=(
    g++ cmake ninja-build ccache pkg-config git ca-certificates
    libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
    libssl-dev libyaml-cpp-dev libspdlog-dev libfmt-dev libcli11-dev
    prometheus-cpp-dev zlib1g-dev
)
# nginx is the real server behind the gateway in the tests; prometheus brings promtool; chromium opens the reports.
test_packages=(libgtest-dev libgmock-dev nginx openssl curl python3 prometheus chromium)
bench_packages=(libbenchmark-dev nginx haproxy wrk valgrind python3)
peers_packages=(golang-go golang-gopkg-eapache-go-resiliency.v1-dev python3-circuitbreaker)
command -v npm >/dev/null || peers_packages+=(nodejs npm)
ci_packages=(clang-14 libclang-rt-14-dev llvm-14 clang-format-19 clang-tidy-19)
spin_packages=(spin gcc libc6-dev python3)

# Packages that would start a server once installed. Ours are started by the tests alone.
services=(nginx haproxy prometheus)

as_root() {
    if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

guard=/usr/sbin/policy-rc.d
guard_is_ours=no

# invoke-rc.d asks this file before it starts a service; 101 means "do not".
forbid_service_starts() {
    [[ -e $guard ]] && return
    guard_is_ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
    as_root chmod 755 "$guard"
}

allow_service_starts() {
    [[ $guard_is_ours == yes ]] && as_root rm -f "$guard"
    return 0
}

# The guard does not reach the next boot, so a service we brought in is switched off there.
disable_at_boot() {
    [[ -d /run/systemd/system ]] || return 0
    as_root systemctl disable --quiet "$1.service" || true
}

wanted=()
list_only=no
for argument in "$@"; do
    case $argument in
        build) wanted+=("${build_packages[@]}") ;;
        test) wanted+=("${test_packages[@]}") ;;
        bench) wanted+=("${bench_packages[@]}") ;;
        peers) wanted+=("${peers_packages[@]}") ;;
        ci) wanted+=("${ci_packages[@]}") ;;
        spin) wanted+=("${spin_packages[@]}") ;;
        --list) list_only=yes ;;
        -h | --help) usage; exit 0 ;;
        *) echo "install_dependencies.sh: unknown group '$argument'" >&2; usage >&2; exit 2 ;;
    esac
done
if [[ ${#wanted[@]} -eq 0 ]]; then
    usage >&2
    exit 2
fi
if [[ $list_only == yes ]]; then
    printf '%s\n' "${wanted[@]}" | sort -u
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    exit 0
fi

if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
    echo "install_dependencies.sh: needs root or sudo to install: ${missing[*]}" >&2
    exit 1
fi

echo "Installing: ${missing[*]}"
trap allow_service_starts EXIT
forbid_service_starts
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300)
as_root "${apt[@]}" update
as_root "${apt[@]}" install --no-install-recommends "${missing[@]}"
for service in "${services[@]}"; do
    for package in "${missing[@]}"; do
        if [[ $package == "$service" ]]; then disable_at_boot "$service"; fi
    done
done
