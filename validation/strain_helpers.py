# SPDX-License-Identifier: GPL-2.0-or-later
"""What the validation scripts about strain share: the glass, its catalogs, its events followed through strain."""
import os

from helpers import SAMPLES, potential_file, search_events, slowglass

GLASS = os.path.join(SAMPLES, "Cu64Zr36_500.extxyz")
N_ATOMS = 500


def potential():
    return "--potential", "eam/fs:" + potential_file("CuZr_mm.eam.fs"), "--elements", "Cu,Zr"


def strained(folder, name, start, gamma):
    """The structure brought to a strain in steps of 0.005."""
    out = os.path.join(folder, name + ".extxyz")
    slowglass("strain", start, "--xy", gamma, *potential(), "-o", out)
    return out


def search(structure, *arguments, window, seed=1):
    """Events below a barrier, searches ended early above it, and the summary."""
    limits = [a for key in ("barrier_max_eV", "give_up_above_eV") for a in ("--set", "search.%s=%g" % (key, window))]
    return search_events(structure, "--seed", seed, "--barrier-max", window, *limits, *potential(), *arguments)


def catalog_of(folder, name, structure, per_atom, window, seed=1):
    """A catalog of the events around a structure, made with so many searches from each atom."""
    out = os.path.join(folder, name)
    events, summary = search(structure, "--per-atom", per_atom, "--store-below", window, "-o", out, window=window, seed=seed)
    print("      %s: %d searches, %d events below %.2f eV" % (name, summary["n_searches"], len(events), window), flush=True)
    return out, events, summary


def follow(folder, name, structure, catalog, gamma, window, *arguments):
    """The table of the catalog's events carried to a strain: one list of rows per strain, in the order of the events."""
    path = os.path.join(folder, name + ".tsv")
    summary = slowglass("strain", structure, "--xy", gamma, "--follow", catalog, "--events", path, "--set",
                        "search.barrier_max_eV=%g" % window, *potential(), *arguments, "-o", os.path.join(folder, name + ".extxyz"))
    with open(path) as f:
        names = f.readline().rstrip("\n").split("\t")
        rows = [dict(zip(names, line.rstrip("\n").split("\t"))) for line in f]
    for row in rows:
        for key in row:
            if key not in ("event", "fate"):
                row[key] = float(row[key])
    n = summary["n_events"]
    return [rows[k:k + n] for k in range(0, len(rows), n)], summary


def alive(row):
    return row["fate"] in ("survived", "rerouted")
