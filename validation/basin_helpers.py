# SPDX-License-Identifier: GPL-2.0-or-later
"""What the validations of basins share: building programs on the library, statistics.

Environment: CC     C compiler (default: cc)
             BUILD  build folder that the programs are linked with (default: build/release)
"""
import math
import os
import shlex
import subprocess

from helpers import ROOT, SAMPLES, call, skip, slowglass_path

KS_LIMIT = 1.95           # sqrt(n) D: probability 1e-3
Z_LIMIT = 4.0             # standard deviations


def build_program(source, folder):
    """The program's path, built on the installed library."""
    build = os.environ.get("BUILD", os.path.join(ROOT, "build", "release"))
    prefix, program = os.path.join(folder, "installed"), os.path.join(folder, os.path.basename(source)[:-2])
    if not os.path.exists(os.path.join(build, "CMakeCache.txt")):
        skip("%s is not a build folder" % build)
    call(["cmake", "--install", build, "--prefix", prefix])
    places = [top for top, _, files in os.walk(prefix) if "slowglass.pc" in files]
    try:
        flags = shlex.split(call(["pkg-config", "--cflags", "--libs", "slowglass"], env=dict(os.environ, PKG_CONFIG_PATH=places[0])))
        compiler = shlex.split(os.environ.get("CC", "cc"))
        result = subprocess.run(compiler + ["-O2", source, "-o", program] + flags + ["-lm"], capture_output=True, text=True)
    except OSError as e:
        skip("no C compiler or pkg-config: %s" % e)
    if result.returncode != 0:
        skip("cannot be compiled:\n" + result.stderr[-1500:])
    return program


def age_glass(folder, steps):
    """A run of the demo's glass that finds its way with what the base catalog and the states before lend, every event converged."""
    out = os.path.join(folder, "glass")
    call([slowglass_path(), "age", os.path.join(SAMPLES, "demo.ini"), "--out", out, "--quiet", "--threads", os.environ.get("THREADS", "1"),
          "--set", "kmc.max_steps=%d" % steps, "--set", "kmc.max_wall_s=0", "--set", "kmc.max_time_s=1e9",
          "--set", "search.max_per_step=-1", "--set", "topology.refine_rest=0", "--set", "output.picture=no"])
    return out


def ks(x, y):
    """sqrt(n m / (n + m)) D of two samples; ties are stepped over together."""
    x, y = sorted(x), sorted(y)
    i = j = 0
    worst = 0.0
    while i < len(x) and j < len(y):
        at = min(x[i], y[j])
        while i < len(x) and x[i] <= at:
            i += 1
        while j < len(y) and y[j] <= at:
            j += 1
        worst = max(worst, abs(i / len(x) - j / len(y)))
    return worst * math.sqrt(len(x) * len(y) / (len(x) + len(y)))


def deviate(chi2, freedom):
    """Standard normal deviate of a chi-square (Wilson & Hilferty)."""
    f = 2 / (9 * freedom)
    return ((chi2 / freedom) ** (1 / 3) - (1 - f)) / math.sqrt(f)


def chi_square(count, expected):
    """(chi-square, degrees of freedom, deviate) of numbers against a law, rare classes together."""
    classes, rare = [], [0.0, 0.0]
    for c, e in zip(count, expected):
        if e >= 10:
            classes.append((c, e))
        else:
            rare = [rare[0] + c, rare[1] + e]
    if rare[1] >= 5:
        classes.append(rare)
    if len(classes) < 2:
        return 0.0, 0, 0.0
    chi2 = sum((c - e) ** 2 / e for c, e in classes)
    return chi2, len(classes) - 1, deviate(chi2, len(classes) - 1)


def two_counts(first, second):
    """Deviate of two lists of numbers of equal sums, classes with less than 20 in both left out."""
    both = [(a, b) for a, b in zip(first, second) if a + b >= 20]
    return deviate(sum((a - b) ** 2 / (a + b) for a, b in both), len(both) - 1) if len(both) > 1 else 0.0
