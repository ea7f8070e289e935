# switchgear_library(<layer>
#     HEADERS  <header>...        public headers, below include/
#     [SOURCES <file>...]         none: a header-only layer
#     [DEPENDS <target>...]       what its public headers include
#     [USES    <target>...]       what only its sources include
#     [FINDS   <arguments>...]    one find_dependency(<arguments>) each, for whoever uses it installed
#     [PRIVATE_TO_BUILD])         never installed
#
# Makes switchgear_<layer> with the alias switchgear::<layer>. It sees its own include/ and src/ and
# what it declares here, nothing else, so the arrows between layers can be read from these calls.
function(switchgear_library layer)
    cmake_parse_arguments(PARSE_ARGV 1 arg "PRIVATE_TO_BUILD" "" "HEADERS;SOURCES;DEPENDS;USES;FINDS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "switchgear_library(${layer}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
    endif()

    set(target switchgear_${layer})
    if(arg_SOURCES)
        set(scope PUBLIC)
        add_library(${target} STATIC ${arg_SOURCES})
        target_include_directories(${target} PRIVATE src)
        target_link_libraries(${target} PRIVATE ${arg_USES})
    else()
        set(scope INTERFACE)
        add_library(${target} INTERFACE)
    endif()
    add_library(switchgear::${layer} ALIAS ${target})

    # The second base is for generated headers.
    target_sources(
        ${target}
        ${scope}
        FILE_SET HEADERS
        BASE_DIRS include ${CMAKE_CURRENT_BINARY_DIR}/include
        FILES ${arg_HEADERS}
    )
    target_compile_features(${target} ${scope} cxx_std_20)
    target_link_libraries(${target} ${scope} ${arg_DEPENDS})
    set_target_properties(
        ${target}
        PROPERTIES
            EXPORT_NAME ${layer}
            VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL}
            POSITION_INDEPENDENT_CODE ON
    )

    if(NOT arg_PRIVATE_TO_BUILD)
        set_property(GLOBAL APPEND PROPERTY SWITCHGEAR_LAYERS ${layer})
        set_property(GLOBAL PROPERTY SWITCHGEAR_DEPENDS_${layer} "${arg_DEPENDS};${arg_USES}")
        set_property(GLOBAL PROPERTY SWITCHGEAR_FINDS_${layer} "${arg_FINDS}")
    endif()
endfunction()
