# Finds the third-party libraries, once, for every layer.
#
# The core, `testing`, `policies` and `adapters/http` need none. An adapter to a library is on when
# the library is found; the gateway needs all of them, so asking for it makes them required.

if(SWITCHGEAR_GATEWAY)
    set(needed REQUIRED)
else()
    set(needed QUIET)
endif()

# EXACT: Debian 12 also carries 1.74, and the two must never meet in one program.
find_package(Boost 1.81.0 EXACT CONFIG ${needed} COMPONENTS headers json url)
find_package(prometheus-cpp CONFIG ${needed})

# Asked at every configuration, and no option(): its first answer would stay in the cache, and keep an adapter off after
# its library was installed.
macro(switchgear_on_if_found adapter found)
    if(NOT DEFINED ${adapter})
        set(${adapter} "${found}")
    endif()
endmacro()
switchgear_on_if_found(SWITCHGEAR_ASIO "${Boost_FOUND}")
switchgear_on_if_found(SWITCHGEAR_WIRE "${Boost_FOUND}")
switchgear_on_if_found(SWITCHGEAR_PROMETHEUS "${prometheus-cpp_FOUND}")

if(SWITCHGEAR_GATEWAY)
    find_package(Threads REQUIRED)
    find_package(OpenSSL 3 REQUIRED)
    find_package(yaml-cpp CONFIG REQUIRED)
    find_package(fmt CONFIG REQUIRED)
    find_package(spdlog CONFIG REQUIRED)
    find_package(CLI11 CONFIG REQUIRED)
    find_package(ZLIB REQUIRED)
endif()

if(SWITCHGEAR_BUILD_TESTS)
    find_package(Threads REQUIRED)
    find_package(GTest CONFIG REQUIRED)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()

if(SWITCHGEAR_BENCH)
    find_package(Threads REQUIRED)
    # The micro-benchmarks alone need it; the gateway's comparison is a script.
    find_package(benchmark CONFIG QUIET)
endif()
