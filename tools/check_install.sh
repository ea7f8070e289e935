#!/usr/bin/env bash
# Installs, moves the installed tree elsewhere, and builds and runs each consumer of ci/ against it.
set -euo pipefail

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    cat <<'TEXT'
usage: tools/check_install.sh

Builds in build/install, installs to a temporary folder, moves it, and builds and runs the
programs of ci/ against what was moved: find_package, pkg-config, add_subdirectory.
TEXT
    exit 0
fi

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
jobs=${SWITCHGEAR_JOBS:-$(nproc)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf -- '--> %s\n' "$*"; }

say "Building and installing the libraries"
cmake -S "$root" -B "$root/build/install" -G Ninja --log-level=NOTICE \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/first" -DSWITCHGEAR_INSTALL=ON \
    -DSWITCHGEAR_BUILD_TESTS=OFF -DSWITCHGEAR_BENCH=OFF -DSWITCHGEAR_EXAMPLES=OFF \
    -DSWITCHGEAR_GATEWAY=OFF -DSWITCHGEAR_FUZZ=OFF >/dev/null
cmake --build "$root/build/install" --parallel "$jobs"
cmake --install "$root/build/install" >/dev/null

say "Moving the installed tree"
mv "$work/first" "$work/moved"
if grep -rIl "$work/first" "$work/moved"; then
    echo "check_install: the files above name the folder they were installed to" >&2
    exit 1
fi
pc=$(find "$work/moved" -name switchgear-core.pc)

say "consumer_cmake"
cmake -S "$root/ci/consumer_cmake" -B "$work/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/cmake" --parallel "$jobs"
for program in "$work"/cmake/consumer*; do "$program"; done

say "consumer_pkgconfig"
PKG_CONFIG_PATH=$(dirname "$pc") "$root/ci/consumer_pkgconfig/build.sh" "$work/pkgconfig"
"$work/pkgconfig"

say "consumer_subdirectory"
cmake -S "$root/ci/consumer_subdirectory" -B "$work/subdirectory" -G Ninja \
    -DSWITCHGEAR_SOURCE_DIR="$root" >/dev/null
cmake --build "$work/subdirectory" --parallel "$jobs"
"$work/subdirectory/consumer"

# find_package with these arguments, where prometheus-cpp is not to be found, then these lines of CMake.
finds() { # NAME ARGUMENTS [LINES]
    mkdir "$work/$1"
    cat >"$work/$1/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.25)
project($1 LANGUAGES CXX)
find_package(switchgear $2)
${3:-}
TEXT
    cmake -S "$work/$1" -B "$work/$1/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/moved" \
        -DCMAKE_DISABLE_FIND_PACKAGE_prometheus-cpp=ON >/dev/null 2>"$work/$1/said"
}
refused() { # NAME ARGUMENTS
    if finds "$@"; then
        echo "check_install: find_package(switchgear $2) was accepted" >&2
        exit 1
    fi
}

say "A component that does not exist is refused, and one whose library is missing"
refused unknown "REQUIRED COMPONENTS core no_such_layer"
refused without_library "REQUIRED COMPONENTS core prometheus"
refused other_minor_version "0.0 REQUIRED COMPONENTS core"

say "An optional component whose library is missing loses nothing else"
if ! finds optional "0.1 REQUIRED COMPONENTS core OPTIONAL_COMPONENTS prometheus http" '
if(NOT switchgear_FOUND OR NOT TARGET switchgear::core OR NOT switchgear_http_FOUND)
    message(FATAL_ERROR "lost with the optional component")
endif()
if(switchgear_prometheus_FOUND OR TARGET switchgear::prometheus)
    message(FATAL_ERROR "said to be found")
endif()'; then
    cat "$work/optional/said" >&2
    exit 1
fi
say "Installed, moved and used: all three kinds work"
