# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries slowglass stands on. All that are missing are named in one message, with their Debian packages.
set(SLOWGLASS_MISSING "")

macro(slowglass_find prefix module package) # pkg-config module `module`, in Debian's `package`
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    list(APPEND SLOWGLASS_MISSING ${package})
  endif()
endmacro()

find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
  message(FATAL_ERROR "pkg-config is missing (Debian package pkg-config). scripts/deps installs all that is needed.")
endif()
slowglass_find(LMDB lmdb liblmdb-dev)
slowglass_find(IGRAPH igraph libigraph-dev)
slowglass_find(CJSON libcjson libcjson-dev)
slowglass_find(INIH inih libinih-dev)
slowglass_find(XXHASH libxxhash libxxhash-dev)
slowglass_find(LAPACKE lapacke liblapacke-dev)
if(BUILD_TESTING)
  slowglass_find(CMOCKA cmocka libcmocka-dev)
endif()

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
if(NOT RANDOM123_INCLUDE_DIR)
  list(APPEND SLOWGLASS_MISSING librandom123-dev)
endif()
find_package(OpenMP QUIET COMPONENTS C)
if(NOT OpenMP_C_FOUND)
  list(APPEND SLOWGLASS_MISSING "libomp-dev (OpenMP of clang; gcc has its own)")
endif()

# Optional: several processes, on several machines.
find_package(MPI QUIET COMPONENTS C)
if(NOT MPI_C_FOUND)
  message(STATUS "No MPI (Debian package libopenmpi-dev): slowglass runs in one process, on all its cores")
endif()

# Optional: interatomic models by name.
pkg_check_modules(KIM QUIET IMPORTED_TARGET libkim-api>=2.0)
if(NOT KIM_FOUND)
  message(STATUS "No KIM-API (Debian packages libkim-api-dev, openkim-models): no potentials of style kim")
endif()

if(SLOWGLASS_MISSING)
  list(JOIN SLOWGLASS_MISSING ", " packages)
  message(FATAL_ERROR "Missing Debian packages: ${packages}. scripts/deps installs all that is needed.")
endif()
