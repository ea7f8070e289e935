#!/usr/bin/env bash
# usage: ci/consumer_pkgconfig/build.sh OUTPUT; PKG_CONFIG_PATH names the installed tree.
# The core alone: fake time is a header of the same tree.
set -euo pipefail
source_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
read -ra flags <<<"$(pkg-config --cflags --libs switchgear-core)"
"${CXX:-g++}" -std=c++20 "$source_dir/../consumer_cmake/core.cpp" "${flags[@]}" -o "$1"
