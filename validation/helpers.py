# SPDX-License-Identifier: GPL-2.0-or-later
"""What the validation scripts share: calling the program, reading its files, PASS and FAIL.

Environment: SLOWGLASS  the program (default: build/release/slowglass of this tree)
             LMP        LAMMPS (default: lmp)
             POTENTIALS folder of the potential files (default: let the programs search)
             THREADS    threads of slowglass (default: 1)
             KEEP       folder for the files made, kept (default: a temporary one)
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SAMPLES = os.path.join(HERE, "samples")
KB = 8.617333262e-5       # eV/K, as slowglass


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def slowglass_path():
    path = os.environ.get("SLOWGLASS", os.path.join(ROOT, "build", "release", "slowglass"))
    if shutil.which(path) is None:
        skip("%s not found (build it with the release preset, or set SLOWGLASS)" % path)
    return path


def lammps_command():
    command = shlex.split(os.environ.get("LMP", "lmp"))
    if shutil.which(command[0]) is None:
        skip("%s not found" % command[0])
    return command


def potential_file(name):
    folder = os.environ.get("POTENTIALS")
    return os.path.join(folder, name) if folder else name


def call(command, **kwargs):
    """Standard output of a command; the script ends if it fails."""
    result = subprocess.run(command, capture_output=True, text=True, **kwargs)
    if result.returncode != 0:
        sys.exit("failed with %d: %s\n%s%s" % (result.returncode, " ".join(command), result.stdout[-2000:],
                                               result.stderr[-2000:]))
    return result.stdout


def slowglass_lines(*arguments):
    """What a command of slowglass prints, and the JSON object that it ends with."""
    command = [slowglass_path()] + [str(a) for a in arguments]
    command += ["--threads", os.environ.get("THREADS", "1"), "--quiet", "--json"]
    lines = call(command).strip().splitlines()
    return lines[:-1], json.loads(lines[-1])


def slowglass(*arguments):
    """The JSON object that a command of slowglass ends with."""
    return slowglass_lines(*arguments)[1]


def search_events(*arguments):
    """The events that `slowglass search` lists, as dictionaries (event: text), and its JSON object."""
    lines, summary = slowglass_lines("search", *arguments)
    table = [line.split("\t") for line in lines if "\t" in line]
    return [{name: text if name in ("event", "source") else float(text) for name, text in zip(table[0], row)}
            for row in table[1:]], summary


class Folder:
    """Folder for what is made: $KEEP/name, kept and emptied first, or a temporary one."""

    def __init__(self, name):
        self.keep = os.environ.get("KEEP")
        self.name = name

    def __enter__(self):
        if not self.keep:
            self.path = tempfile.mkdtemp()
            return self.path
        self.path = os.path.join(self.keep, self.name)
        shutil.rmtree(self.path, ignore_errors=True)
        os.makedirs(self.path)
        return self.path

    def __exit__(self, *error):
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)


def read_frames(path):
    """Frames of an extended XYZ file, each (keys of the comment line, rows {column: value or list})."""
    frames = []
    with open(path) as f:
        while True:
            first = f.readline()
            if not first.strip():
                return frames
            keys = dict((k, a or b) for k, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', f.readline()))
            spec = keys["Properties"].split(":")
            columns = [(name, {"S": str, "R": float, "I": int, "L": str}[kind], int(width))
                       for name, kind, width in zip(spec[::3], spec[1::3], spec[2::3])]
            rows = []
            for _ in range(int(first)):
                words, row = iter(f.readline().split()), {}
                for name, cast, width in columns:
                    value = [cast(next(words)) for _ in range(width)]
                    row[name] = value if width > 1 else value[0]
                rows.append(row)
            frames.append((keys, rows))


def write_frame(path, keys, rows, note=""):
    """Cell, strain, species, positions and ids of a frame."""
    with open(path, "w") as f:
        f.write('%d\nLattice="%s" Properties=species:S:1:pos:R:3:id:I:1 pbc="T T T"' % (len(rows), keys["Lattice"]))
        if "h0" in keys:
            f.write(' h0="%s" gamma=%s' % (keys["h0"], keys["gamma"]))
        f.write("%s\n" % note)
        for row in rows:
            f.write("%s %s %d\n" % (row["species"], " ".join("%.17g" % c for c in row["pos"]), row["id"]))


def read_tsv(path):
    """Rows of a table as dictionaries; numbers where the text is one."""
    def value(text):
        try:
            return int(text)
        except ValueError:
            try:
                return float(text)
            except ValueError:
                return text
    with open(path) as f:
        names = f.readline().rstrip("\n").split("\t")
        return [dict(zip(names, map(value, line.rstrip("\n").split("\t")))) for line in f]


def quantile(values, q):
    v = sorted(values)
    if not v:
        return float("nan")
    k = q * (len(v) - 1)
    low = int(k)
    high = min(low + 1, len(v) - 1)
    return v[low] + (k - low) * (v[high] - v[low])


class Checks:
    """Conditions, each printed with its measured value; written so that a NaN fails."""

    def __init__(self):
        self.failed = 0

    def __call__(self, ok, text):
        self.failed += not ok
        print("%s  %s" % ("PASS" if ok else "FAIL", text), flush=True)
        return ok

    def end(self):
        sys.exit(1 if self.failed else 0)
