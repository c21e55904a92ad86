from ukport.glue import hand, proof

MADE = "# SPDX\n#\n# Made by ukport from the recipe of toy.\n\nLIBTOY_VERSION = 1\n"


def test_a_seal_is_stable_and_tells_a_change():
    sealed = hand.seal(MADE)
    assert sealed == hand.seal(sealed) == hand.seal(MADE)
    assert not hand.edited(sealed)
    assert hand.edited(sealed.replace("VERSION = 1", "VERSION = 2"))
    assert not hand.edited(MADE)  # of an ukport without sums


def test_what_is_written_below_the_line_stays():
    mine = f"{hand.MARK}LIBTOY_CFLAGS-y += -DMINE\n"
    old = hand.seal(MADE) + mine
    assert not hand.edited(old)
    new = hand.joined({"Makefile.uk": MADE.replace("= 1", "= 2")}, {"Makefile.uk": old})
    assert new["Makefile.uk"] == hand.seal(MADE.replace("= 1", "= 2")) + mine
    assert hand.edited(new["Makefile.uk"].replace("= 2", "= 3"))


def test_drift_tells_an_edit_from_an_older_recipe():
    made = {"Makefile.uk": hand.seal(MADE)}
    assert not list(proof.drift(made, made))
    (gone,) = proof.drift(made, {})
    (stale,) = proof.drift(made, {"Makefile.uk": hand.seal(MADE.replace("= 1", "= 0"))})
    (edited,) = proof.drift(made, {"Makefile.uk": hand.seal(MADE).replace("= 1", "= 0")})
    assert [one.rule for one in (gone, stale, edited)] == [
        "glue-differs",
        "glue-differs",
        "glue-edited",
    ]
    assert (stale.line, edited.line) == (5, 5)
