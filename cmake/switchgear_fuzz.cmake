# switchgear_fuzz(<name> SOURCES <file>... [DEPENDS <target>...] [INCLUDES <dir>...])
#
# A libFuzzer program; the target fuzz_targets builds all of them. The flag is the target's own because
# it brings `main`; the sanitizers that make its findings visible come from the preset `fuzz`.
function(switchgear_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;INCLUDES")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "switchgear_fuzz(${name}): needs SOURCES; got ${ARGN}")
    endif()
    if(NOT SWITCHGEAR_HAS_LIBFUZZER)
        return()
    endif()

    add_executable(${name} ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${arg_INCLUDES})
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
    if(NOT TARGET fuzz_targets)
        add_custom_target(fuzz_targets)
    endif()
    add_dependencies(fuzz_targets ${name})
endfunction()

if(SWITCHGEAR_FUZZ)
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer)
    check_cxx_source_compiles(
        "extern \"C\" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }"
        SWITCHGEAR_HAS_LIBFUZZER
    )
    unset(CMAKE_REQUIRED_FLAGS)
endif()
