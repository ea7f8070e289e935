# The tests' functions. Every test carries one label: unit, model, stress, compile_fail, integration,
# docs, examples or tools (ctest -L unit).

# switchgear_test(<name> LABEL <label> SOURCES <file>... [DEPENDS <target>...] [INCLUDES <dir>...]
#     [TIMEOUT <seconds>] [SERIAL])
#
# A GoogleTest program; ctest sees each of its tests by name. INCLUDES is for a layer's own src/.
# SERIAL: its tests measure or load the whole machine, so ctest runs nothing beside them.
function(switchgear_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "LABEL;TIMEOUT" "SOURCES;DEPENDS;INCLUDES")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_LABEL OR NOT arg_SOURCES)
        message(FATAL_ERROR "switchgear_test(${name}): needs LABEL and SOURCES; got ${ARGN}")
    endif()
    if(NOT SWITCHGEAR_BUILD_TESTS)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()

    add_executable(${name} ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${arg_INCLUDES})
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(
        ${name}
        TEST_PREFIX ${name}.
        DISCOVERY_TIMEOUT 120
        PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_SERIAL}
    )
endfunction()

# switchgear_script_test(<name> LABEL <label> SCRIPT <file.py> [ARGUMENTS <argument>...]
#     [ENVIRONMENT <name=value>...] [TIMEOUT <seconds>] [SERIAL])
#
# A Python 3 program of the standard library only; it passes by exit code 0.
function(switchgear_script_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "LABEL;SCRIPT;TIMEOUT" "ARGUMENTS;ENVIRONMENT")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_LABEL OR NOT arg_SCRIPT)
        message(FATAL_ERROR "switchgear_script_test(${name}): needs LABEL and SCRIPT; got ${ARGN}")
    endif()
    if(NOT SWITCHGEAR_BUILD_TESTS)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()

    cmake_path(ABSOLUTE_PATH arg_SCRIPT OUTPUT_VARIABLE script)
    add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} -B ${script} ${arg_ARGUMENTS})
    set_tests_properties(
        ${name}
        PROPERTIES
            LABELS ${arg_LABEL}
            TIMEOUT ${arg_TIMEOUT}
            RUN_SERIAL ${arg_SERIAL}
            ENVIRONMENT "${arg_ENVIRONMENT}"
    )
endfunction()

if(SWITCHGEAR_BUILD_TESTS)
    include(GoogleTest)
endif()
