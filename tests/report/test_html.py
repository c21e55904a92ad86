"""The page: complete, safe whatever a guest prints, and without a word from the network."""

import re
from html.parser import HTMLParser
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.results import made
from ukport.report import html, matrix
from ukport.report.html import Bar, Chart, Page, Table
from ukport.report.matrix import MatrixResult
from ukport.verify.explanation import Explanation, Frame, Known, Place, Register, Role

VOID = {"meta", "br", "rect", "path", "link", "img"}
EXPLAINED = Explanation(
    what="page fault at 0x0, a NULL pointer, in store at app/main.c:7",
    fault=0,
    lies="a NULL pointer",
    instruction="movq $0x7,0x0",
    registers=(Register("RIP", 0x1000, "store in .text"),),
    frames=(Frame(0x1000, Role.INSTRUCTION, (Place("store", "app/main.c", 7),)),),
    known=(Known("rule", "what", "advice", "source"),),
    tail=("last <words>",),
)


class Checked(HTMLParser):
    """Elements that are closed in their order, their ids, links and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src"):
                self.links.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def page_of(*results, **more):
    return html.render(Page("A title", results, **more))


def test_all_is_in_the_page():
    good, bad = made(), made(version="1.1.0", verdict="crash", explanation=EXPLAINED)
    table = Table(("paging", "nopaging"), (("toy 1.0.0", (good, None)), ("toy 1.1.0", (bad, good))))
    bars = (Bar("a", 2.0, 1.5, 2.5), Bar("b", 3.0))
    chart = Chart("Speed", "s", bars)
    page = Checked(page_of(good, bad, table=table, charts=(chart,)))
    text = " ".join(page.words)
    for word in ("CRASH", "store", "0x1000", "app/main.c:7", "advice", "last <words>", "Speed"):
        assert word in text, word
    assert re.search(r"1\.5\W2\.5", text)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_every_cell_of_a_matrix_has_a_place_of_its_own():
    axes = product(("1.0.0", "1.1.0"), ("a", "b"), ("x86_64", "arm64"), (16, 32), ("tcg", "kvm"))
    cells = tuple(
        made(version=v, configuration=c, architecture=a, memory=m, compared=x)
        for v, c, a, m, x in axes
    )
    page = Checked(html.render(matrix.page(MatrixResult(recipe="toy", cells=cells))))
    assert len(page.ids) == len(set(page.ids)) == len(cells)
    assert {link.removeprefix("#") for link in page.links} == set(page.ids)


def test_nothing_comes_from_the_network():
    page = Checked(page_of(made(), made(verdict="crash", explanation=EXPLAINED, version="2")))
    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "@import" not in html.render(Page("", ()))
    assert "url(" not in html.render(Page("", ()))


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_whatever_a_guest_prints_stays_text(text):
    hostile = f"{text}</pre><script>alert(1)</script>"
    page = Checked(page_of(made(verdict="fail", reason=hostile, console=hostile)))
    assert "script" not in page.tags


def test_an_endless_console_is_cut():
    long = "x" * 5_000_000 + "\n" + "line\n" * 100_000
    assert len(page_of(made(console=long, build_log=long))) < 100_000
