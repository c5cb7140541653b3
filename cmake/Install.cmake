# SPDX-License-Identifier: GPL-2.0-or-later
# Where Debian expects things: with -DCMAKE_INSTALL_PREFIX=/usr the libraries go to /usr/lib/<multiarch>.
include(GNUInstallDirs)
set(targets slowglass-core)
foreach(target slowglass-catalog slowglass-engine slowglass)
  if(TARGET ${target})
    list(APPEND targets ${target})
  endif()
endforeach()
install(TARGETS ${targets})
install(DIRECTORY include/slowglass DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES README.md CHANGELOG.md doc/manual.md doc/architecture.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# What a reader of catalogs needs to know: these files outlive programs.
install(FILES catalog/FORMAT.md catalog/python.md catalog/example.c DESTINATION ${CMAKE_INSTALL_DOCDIR}/catalog)
# The program writes its own manual page, from the tables that parse options and run files.
if(TARGET slowglass AND NOT CMAKE_CROSSCOMPILING)
  add_custom_command(TARGET slowglass POST_BUILD COMMAND slowglass manual > slowglass.1
                     WORKING_DIRECTORY ${CMAKE_BINARY_DIR} VERBATIM)
  install(FILES ${CMAKE_BINARY_DIR}/slowglass.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

# The path back to the prefix keeps the file right when the installed tree is moved.
file(RELATIVE_PATH SLOWGLASS_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
if(KIM_FOUND)
  set(SLOWGLASS_PC_KIM " libkim-api")
endif()
foreach(name slowglass slowglass-catalog)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
