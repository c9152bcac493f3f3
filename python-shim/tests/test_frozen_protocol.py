"""The protocol as it was once published: things may be added to it, and nothing may go or change."""

import warnings

import pytest
from test_stubs import generate

FROZEN = generate().FROZEN.relative_to(generate().HERE.parent)


def changes(frozen, protocol):
    """What is missing, with what came in its place, and what is new."""
    gone = []
    for line in sorted(frozen - protocol):
        name, number = line.split()[:2]
        message = name.rpartition(".")[0]
        now = [
            other
            for other in sorted(protocol)
            if other.split()[0] == name or (other.split()[0].rpartition(".")[0], other.split()[1]) == (message, number)
        ]
        gone.append(f"{line}    now: {'; '.join(now) or 'nothing'}")
    return gone, sorted(protocol - frozen)


def test_nothing_of_the_frozen_protocol_has_gone_or_changed():
    gone, new = changes(generate().frozen(), generate().protocol())
    assert not gone, f"old clients and servers would misunderstand this; see {FROZEN}:\n" + "\n".join(gone)
    if new:
        warnings.warn(f"new in the protocol; python-shim/generate.py adds it to {FROZEN}: {new}", stacklevel=1)


@pytest.mark.parametrize(
    ("line", "now"),
    [
        ("p.M.f 2 string", "p.M.f 2 string"),
        ("p.M.g 1 string", "p.M.g 1 string"),
        ("p.M.f 1 bytes", "p.M.f 1 bytes"),
        ("p.M.f 1 repeated string", "p.M.f 1 repeated string"),
        ("p.M.f 1 string in o", "p.M.f 1 string in o"),
        ("p.N.f 1 string", "nothing"),
    ],
)
def test_renumbered_renamed_retyped_and_removed_fields_are_told(line, now):
    gone, new = changes({"p.M.f 1 string"}, {line})
    assert gone == [f"p.M.f 1 string    now: {now}"] and new == [line]


def test_what_is_added_is_allowed():
    assert changes({"p.M.f 1 string"}, {"p.M.f 1 string", "p.M.g 2 bytes"}) == ([], ["p.M.g 2 bytes"])
