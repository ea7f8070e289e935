# The install rules: one component for each installed layer,
#     find_package(switchgear 0.1 COMPONENTS core http asio)
# and switchgear-core.pc for those who use pkg-config. Nothing in the installed tree knows where it
# was installed, so the tree may be moved.

if(NOT SWITCHGEAR_INSTALL)
    return()
endif()

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/switchgear)
set(generated_dir ${CMAKE_CURRENT_BINARY_DIR}/package)
get_property(layers GLOBAL PROPERTY SWITCHGEAR_LAYERS)

foreach(layer IN LISTS layers)
    install(
        TARGETS switchgear_${layer}
        EXPORT switchgear-${layer}
        COMPONENT ${layer}
        FILE_SET HEADERS
        COMPONENT ${layer}
    )
    install(
        EXPORT switchgear-${layer}
        FILE switchgear-${layer}-targets.cmake
        NAMESPACE switchgear::
        DESTINATION ${package_dir}
        COMPONENT ${layer}
    )

    # What the component needs before its targets can be read: libraries, then lower layers.
    set(SWITCHGEAR_LAYER_NEEDS "")
    get_property(finds GLOBAL PROPERTY SWITCHGEAR_FINDS_${layer})
    foreach(find IN LISTS finds)
        string(APPEND SWITCHGEAR_LAYER_NEEDS "find_dependency(${find})\n")
    endforeach()
    get_property(depends GLOBAL PROPERTY SWITCHGEAR_DEPENDS_${layer})
    foreach(depend IN LISTS depends)
        if(depend MATCHES "^switchgear::(.+)$")
            string(
                APPEND SWITCHGEAR_LAYER_NEEDS
                "include(\"\${CMAKE_CURRENT_LIST_DIR}/switchgear-${CMAKE_MATCH_1}.cmake\")\n"
            )
        endif()
    endforeach()
    set(SWITCHGEAR_LAYER ${layer})
    configure_file(
        ${CMAKE_CURRENT_LIST_DIR}/switchgear-layer.cmake.in
        ${generated_dir}/switchgear-${layer}.cmake
        @ONLY
    )
    install(
        FILES ${generated_dir}/switchgear-${layer}.cmake
        DESTINATION ${package_dir}
        COMPONENT ${layer}
    )
endforeach()

configure_package_config_file(
    ${CMAKE_CURRENT_LIST_DIR}/switchgear-config.cmake.in
    ${generated_dir}/switchgear-config.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO
)
# Before 1.0 a minor version may change names.
write_basic_package_version_file(
    ${generated_dir}/switchgear-config-version.cmake
    COMPATIBILITY SameMinorVersion
)

# ${pcfiledir} is where the file is found, so the prefix is as many steps up as the folder is deep.
file(
    RELATIVE_PATH
    SWITCHGEAR_PC_TO_PREFIX
    ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
    ${CMAKE_INSTALL_PREFIX}
)
string(REGEX REPLACE "/$" "" SWITCHGEAR_PC_TO_PREFIX "${SWITCHGEAR_PC_TO_PREFIX}")
configure_file(
    ${CMAKE_CURRENT_LIST_DIR}/switchgear-core.pc.in
    ${generated_dir}/switchgear-core.pc
    @ONLY
)

install(
    FILES
        ${generated_dir}/switchgear-config.cmake
        ${generated_dir}/switchgear-config-version.cmake
    DESTINATION ${package_dir}
    COMPONENT core
)
install(
    FILES ${generated_dir}/switchgear-core.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT core
)
if(TARGET switchgear)
    install(TARGETS switchgear COMPONENT gateway)
endif()
