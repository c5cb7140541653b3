# SPDX-License-Identifier: GPL-2.0-or-later
# Read by tests with `.`: writes vacancy.xyz, 107 atoms of an fcc crystal with one missing.
awk 'BEGIN { a = 3.62; m = 3; split("0 0 0 .5 .5 0 .5 0 .5 0 .5 .5", b, " ")
    printf "%d\nLattice=\"%.9g 0 0 0 %.9g 0 0 0 %.9g\" Properties=species:S:1:pos:R:3\n", 4 * m * m * m - 1, a * m, a * m, a * m
    for (i = 0; i < m; i++) for (j = 0; j < m; j++) for (k = 0; k < m; k++) for (q = 0; q < 4; q++)
        if (i + j + k + q > 0) printf "Cu %.9g %.9g %.9g\n", a * (i + b[3*q+1]), a * (j + b[3*q+2]), a * (k + b[3*q+3]) }' > vacancy.xyz
