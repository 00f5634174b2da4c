"""A run's files, broken in ways that a number chooses: the same number, the same breakage."""

import copy
import json

VALUES = (
    *(None, True, False, 0, -1, 1, 1.5, 1e400, -1e308, float("nan"), 10**30, "", "x", "NA", "-0"),
    *("../..", "\x00", "\ud800", "a\nb", "1e999", [], {}, [None], {"": 0}, [[1]], "0" * 70),
)
FIELDS = (
    *("", "NA", "nan", "inf", "-inf", "1e999", "-1", "0x10", "1_0", " 1", "1.5", "x", "9" * 40),
    *("\u0661", "true", '"', '"a,b"', "a\nb", "\x00", "affine", "net_b"),
)


def _paths(value, path=()):
    """Yields the way to each value in a nested document."""
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _paths(value[key], (*path, key))


def _mutate_record(chance, text):
    record = json.loads(text)
    for _ in range(chance.choice((1, 1, 1, 2))):
        paths = [path for path in _paths(record) if path]
        if not paths:
            break
        *parents, last = chance.choice(paths)
        holder = record
        for key in parents:
            holder = holder[key]
        if chance.random() < 0.25:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(chance.choice(VALUES))
    return json.dumps(record).encode()


def _mutate_table(chance, text):
    rows = [line.split(",") for line in text.splitlines()]
    row, column = chance.randrange(len(rows)), chance.randrange(len(rows[0]))
    kind = chance.randrange(10)
    if kind <= 3:
        rows[row][column] = chance.choice(FIELDS)
    elif kind == 4:
        rows = rows[: chance.choice((0, 1, row))]
    elif kind == 5:
        rows = [line[:column] + line[column + 1 :] for line in rows]
    elif kind == 6:
        rows[row] += ["extra"] * chance.choice((1, 3))
    elif kind == 7:
        rows.append(rows[row])
    elif kind == 8:
        del rows[row]
    else:
        for line in rows[1:]:
            line[column] = rows[-1][column] if row % 2 else chance.choice(FIELDS)
    return "\n".join(",".join(line) for line in rows).encode() + b"\n"


def _mutate_bytes(chance, content):
    kind = chance.randrange(4)
    place = chance.randrange(len(content))
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
    return (b"", b"\xff\xfe" + content)[kind - 2]


def mutated(chance, name, content):
    """Returns the content of run.json or of a table with something of it changed."""
    if chance.random() < 0.15:
        return _mutate_bytes(chance, content)
    mutate = _mutate_record if name == "run.json" else _mutate_table
    return mutate(chance, content.decode())
