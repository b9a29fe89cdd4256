#!/usr/bin/env python3
"""What each call of our pallets costs, by the weights in runtime/src/weights/.

    scripts/call-costs.py write [COMMIT]     a table of the checkout, or of a commit
    scripts/call-costs.py compare TABLE      the checkout beside such a table, as ratios

A call costs what it is charged at most: with the longest lists that it takes, with the
database, and without the policy, which is charged as it is asked. keep-release.sh writes the
table of each release. Two tables also differ by the machines that measured them.
"""

import pathlib
import re
import subprocess
import sys

FOLDER = "runtime/src/weights"
ROOT = pathlib.Path(__file__).resolve().parent.parent
# RocksDbWeight of frame-support, in picoseconds.
READ, WRITE = 25_000_000, 100_000_000
HEADER = "call\tpicoseconds\tbytes of proof"

NUMBER = r"\(?(\d+)(?:_u64)?\)?"
FUNCTION = re.compile(r"\n\tfn (\w+)\(([^)]*)\) -> Weight \{\n(.*?)\n\t\}", re.S)
RANGE = re.compile(r"The range of component `(\w)` is `\[\d+, (\d+)\]`")
PARTS = re.compile(r"from_parts\(([\d_]+), ([\d_]+)\)(?:\.saturating_mul\((\w)\.into\(\)\))?")
DATABASE = re.compile(rf"\.(reads|writes)\({NUMBER}(?:\.saturating_mul\((\w)\.into\(\)\))?\)")


def fail(text):
    sys.exit(f"error: {text}")


def number(text):
    return int(text.replace("_", ""))


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"git {' '.join(arguments)}: {done.stderr.strip()}; a shallow clone lacks older "
             "commits: git fetch --unshallow")
    return done.stdout


def sources(commit):
    """The names and texts of the files with weights."""
    if commit is None:
        for path in sorted((ROOT / FOLDER).glob("pallet_*.rs")):
            yield path.stem, path.read_text()
    else:
        for path in git("ls-tree", "-r", "--name-only", commit, "--", FOLDER).split():
            stem = pathlib.PurePath(path).stem
            if stem.startswith("pallet_"):
                yield stem, git("show", f"{commit}:{path}")


def costs(commit=None):
    """Time and proof of each call, by its name."""
    found = {}
    for pallet, text in sources(commit):
        start = 0
        for function in FUNCTION.finditer(text):
            name, components, body = function.groups()
            comments = text[start:function.start()]
            start = function.end()
            most = {key: int(last) for key, last in RANGE.findall(comments)}
            if set(re.findall(r"(\w): u32", components)) - set(most):
                continue  # Estimated by hand, between two measurements.
            time = proof = 0
            for own, size, key in PARTS.findall(body):
                time += number(own) * most.get(key, 1)
                proof += number(size) * most.get(key, 1)
            for kind, count, key in DATABASE.findall(body):
                time += number(count) * most.get(key, 1) * (READ if kind == "reads" else WRITE)
            found[f"{pallet.removeprefix('pallet_')}.{name}"] = (time, proof)
    if not found:
        fail(f"there are no weights in {FOLDER} of {commit or 'the checkout'}")
    return found


def read(table):
    lines = pathlib.Path(table).read_text().splitlines()
    if not lines or lines[0] != HEADER:
        fail(f"{table} is no table of this script: write it with 'scripts/call-costs.py write'")
    rows = (line.split("\t") for line in lines[1:])
    return {name: (int(time), int(proof)) for name, time, proof in rows}


def compare(before, now):
    def shown(cost, otherwise):
        return f"{cost[0] / 1e9:.2f} ms {cost[1] / 1024:7.1f} KiB" if cost else otherwise

    print(f"{'call':<36}{'now':>24}{'before':>24}{'time':>8}{'proof':>7}")
    for name in sorted(now | before):
        one, other = now.get(name), before.get(name)
        row = f"{name:<36}{shown(one, 'gone'):>24}{shown(other, 'not measured'):>24}"
        if one and other:
            row += "".join(f"{a / b if b else 1:>{width}.2f}"
                           for a, b, width in zip(one, other, (8, 7)))
        print(row)


def main(arguments):
    match arguments:
        case ["write", *commit] if len(commit) <= 1:
            print(HEADER)
            for name, (time, proof) in sorted(costs(*commit).items()):
                print(f"{name}\t{time}\t{proof}")
        case ["compare", table]:
            compare(read(table), costs())
        case _:
            sys.exit(__doc__.strip())


if __name__ == "__main__":
    main(sys.argv[1:])
