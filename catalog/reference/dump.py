# SPDX-License-Identifier: GPL-2.0-or-later
"""Every number in a catalog as text:  python3 dump.py CATALOG > TEXT

Reads the file by the words of FORMAT.md alone, with the plain lmdb module (Debian: python3-lmdb), formats 1 and 2.
One line per record: database, then its fields in the order of the file; arrays follow in their order.
Doubles have 17 significant digits, floats 9, so that the text holds the same bits.
"""
import struct
import sys

import lmdb


class Payload:
    """Takes fields from the front of a record and remembers them as text."""

    def __init__(self, value, kind):
        magic, self.kind, self.version, size, self.checksum = struct.unpack_from("<2sBBIQ", value)
        assert magic == b"sg" and self.kind == kind and size == len(value) - 16
        self.bytes, self.at, self.text = value[16:], 0, []

    def take(self, layout):
        """One field or several of one kind, such as u64 or 6f64; the last one taken is returned."""
        digits = len(layout) - len(layout.lstrip("0123456789"))
        count, kind = int(layout[:digits] or 1), layout[digits:]
        code = {"u8": "B", "u32": "I", "u64": "Q", "f32": "f", "f64": "d"}[kind]
        values = struct.unpack_from(f"<{count}{code}", self.bytes, self.at)
        self.at += struct.calcsize(f"<{count}{code}")
        form = {"f": "%.9g", "d": "%.17g"}.get(code, "%d")
        self.text += ["nan" if x != x else form % x for x in values]
        return values[-1] if values else None

    def takes(self, *layouts):
        return [self.take(layout) for layout in layouts]

    def string(self, n):
        text = self.bytes[self.at : self.at + n].split(b"\0")[0].decode()
        self.at += n
        self.text.append(text.replace(" ", "_") or "-")

    def line(self, name):
        assert self.at == len(self.bytes), (name, self.at, len(self.bytes))
        return " ".join([name, *self.text])


def header(p):
    assert p.bytes[:8] == b"slowglas"
    p.at = 8
    fmt, _, _ = p.takes("u32", "u32", "u64")
    p.string(64)
    n = p.take("u32")
    p.takes(f"{n}u32", f"{n * n}f64", "f64", "u64")
    p.string(32)
    if fmt > 1:
        p.string(32)


def environment(p):
    _, _, n = p.takes("u64", "u32", "u32")
    p.take(f"{n}u8")


def variant(p):
    _, _, _, n, counter, _ = p.takes("u64", "u64", "u32", "u32", "u32", "f64")
    p.takes(f"{n}u8", f"{3 * n}f32")
    for _ in range(counter if p.version > 1 else 0):
        p.takes("u64", "u32")


def event(p):
    _, _, _, n = p.takes("u64", "u64", "u32", "u32")
    if p.version == 1:
        p.takes("3f64", "12f64", "6f64", "u64", "u32", "u8", f"{n}u8", f"{9 * n}f32")
        return
    origins = p.take("u32")
    p.takes("4f64", "12f64", "7f64", f"{n}u8", f"{12 * n}f32")
    for _ in range(origins):
        p.takes("u64", "u32", "u8", "16u32")


def state(p):
    _, n = p.takes("u64", "u32")
    p.takes("u32", "9f64", f"{3 * n}f64")


def edge(p):
    p.takes("4u64", "3f64", "2u32")
    n = p.take("u32")
    p.takes("12f64", "6f64", "u32", "2u8", f"{3 * n}f32")
    if p.version > 1:
        status, _, _, _, back = p.takes("u8", "u32", "f64", "f64", "u64")
        if not status and not back:  # as in version 1
            del p.text[-5:]


def table(p):
    _, entries, n = p.takes("u64", "u32", "u32")
    p.takes("u64", "128u32", "f64", "3u32")
    for _ in range(entries):
        p.takes("u64", "2u8", "2f64")
    p.takes(f"{2 * n}u64", f"{n}u32")
    if p.version > 1 and not p.take("u32"):  # as in version 1
        del p.text[-1]


def search(p):
    p.takes("3u64", "2u32", "2u8", "5u32", "f64")


def step(p):
    p.takes("6u64", "4f64", "u32", "2u8", "4f64", "u32", "f64")


def run(p):
    p.takes("2u64", "2f64", "u32")
    p.string(32)
    p.string(64)


def main(path):
    env = lmdb.open(path, max_dbs=16, readonly=True, lock=False)
    with env.begin() as txn:
        databases = [name for name, _ in txn.cursor()]

        def records(name):
            if name in databases:
                yield from txn.cursor(env.open_db(name, txn, create=False))

        for key, value in records(b"meta"):
            if key == b"header":
                p = Payload(value, 10)
                header(p)
                print(p.line("header"))
            else:
                p = Payload(value, 9)
                assert p.version == 1 or p.bytes[: 1 + len(key)] == bytes([len(key)]) + key
                stored = p.bytes[1 + len(key) :] if p.version > 1 else p.bytes
                print("meta", key.decode(), stored.hex() or "-")
        kinds = (environment, variant, event, state, edge, table, search, step)
        names = "environments variants events states edges tables searches steps".split()
        for kind, (name, take) in enumerate(zip(names, kinds), 1):
            for key, value in records(name.encode()):
                p = Payload(value, kind)
                take(p)
                assert key[:8] == p.bytes[7::-1], (name, key)
                print(p.line(name))
            if name == "events":
                for key, value in records(b"environment_events"):
                    assert value == b""
                    print("environment_events", *struct.unpack(">2Q", key))
        for _, value in records(b"runs"):
            p = Payload(value, 11)
            run(p)
            print(p.line("runs"))


main(sys.argv[1])
