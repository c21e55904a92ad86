import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukport.symbols.constant import value

MACROS = {
    "A": "1",
    "B": "5UL",
    "HEX": "0x1310",
    "OCTAL": "010",
    "SUM": "(A *100*100 + B *100 + 6)",
    "SHIFT": "(A << 16) | (B << 8)",
    "LOOP": "LOOP2",
    "LOOP2": "LOOP",
    "TEXT": '"1.2"',
    "CALL": "__import__('os').getpid()",
    "FLAG": "True",
    "POWER": "9**9**9",
    "WIDE": "1 << 9999999999",
    "EMPTY": "",
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A", 1),
        ("B", 5),
        ("HEX", 0x1310),
        ("OCTAL", 8),
        ("SUM", 10506),
        ("SHIFT", 0x10500),
        *((name, None) for name in ("LOOP", "TEXT", "CALL", "FLAG", "POWER", "WIDE", "EMPTY")),
        ("MISSING", None),
    ],
)
def test_value(name, expected):
    assert value(name, MACROS) == expected


@given(st.text())
def test_any_text_is_a_number_or_none(text):
    assert value("X", {"X": text}) is None or isinstance(value("X", {"X": text}), int)
