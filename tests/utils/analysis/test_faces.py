from utils.analysis.faces import face, in_order


def test_modes_stand_in_one_order_whatever_the_runs():
    modes = ["new", "random", "affine", "raw", "sign", "newer", "affine"]
    assert in_order(modes) == ["sign", "affine", "raw", "random", "new", "newer"]


def test_no_two_modes_look_alike():
    known = ("sign", "affine", "test", "raw", "staircase", "rescale", "matched", "random")
    modes = (*known, "new")
    for look in ("title", "color", "marker"):
        assert len({getattr(face(mode), look) for mode in modes}) == len(modes)


def test_an_unknown_mode_has_a_face():
    assert face("new").title == "new"
    assert face("new").style.keys() == {"color", "marker", "linestyle"}
