# Says, at the end of configuring, what will be built and why something will not.

function(switchgear_say what enabled reason)
    if(enabled)
        message(STATUS "  ${what}: on")
    else()
        message(STATUS "  ${what}: off (${reason})")
    endif()
endfunction()

if(SWITCHGEAR_FUZZ)
    set(fuzz_reason "the compiler has no libFuzzer")
else()
    set(fuzz_reason "SWITCHGEAR_FUZZ")
endif()

message(STATUS "Switchgear ${PROJECT_VERSION}")
message(STATUS "  core, testing, policies, adapters/http: on")
switchgear_say("adapters/asio" "${SWITCHGEAR_ASIO}" "SWITCHGEAR_ASIO; Boost 1.81 not found?")
switchgear_say("adapters/wire" "${SWITCHGEAR_WIRE}" "SWITCHGEAR_WIRE; Boost.JSON 1.81 not found?")
switchgear_say(
    "adapters/prometheus" "${SWITCHGEAR_PROMETHEUS}" "SWITCHGEAR_PROMETHEUS; prometheus-cpp not found?"
)
switchgear_say("gateway and cli" "${SWITCHGEAR_GATEWAY}" "SWITCHGEAR_GATEWAY")
switchgear_say("examples" "${SWITCHGEAR_EXAMPLES}" "SWITCHGEAR_EXAMPLES")
switchgear_say("tests" "${SWITCHGEAR_BUILD_TESTS}" "SWITCHGEAR_BUILD_TESTS")
if(SWITCHGEAR_BENCH)
    switchgear_say("benchmarks" "${benchmark_FOUND}" "Google Benchmark not found")
else()
    switchgear_say("benchmarks" OFF "SWITCHGEAR_BENCH")
endif()
switchgear_say("fuzz targets" "${SWITCHGEAR_HAS_LIBFUZZER}" "${fuzz_reason}")
switchgear_say("install rules" "${SWITCHGEAR_INSTALL}" "SWITCHGEAR_INSTALL")
