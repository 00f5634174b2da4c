"""NAME=NETWORK: what a short name stands for, and which can't be."""

import pytest

from models import ShortNames
from utils.errors import UsageError

DIGITS = "saved_model:/a/b=c?side=28&range=-1,1"


def test_a_name_before_a_network_is_its_name_and_keeps_its_defences():
    texts = (
        f"digits={DIGITS}",
        f"digits={DIGITS}+jpeg75",
        "digits+bits3",
        "r=resnet_v2_50",
        "vgg_16",
    )
    names = ShortNames.of(texts)
    assert [names.name(text) for text in texts] == [
        "digits",
        "digits+jpeg75",
        "digits+bits3",
        "r",
        "vgg_16",
    ]
    meanings = [names.meaning(names.name(text)) for text in texts]
    assert meanings == [DIGITS, DIGITS, DIGITS, "resnet_v2_50", "vgg_16"]


def test_an_equals_sign_in_a_path_makes_no_name():
    for text in (DIGITS, "keras:ResNet50?weights=a.h5", "onnx:x?as=timm"):
        assert ShortNames.of([text]).name(text) == text


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["vgg_16=resnet_v2_50"], "vgg_16 is a name already"),
        (["clean=resnet_v2_50"], "clean is a name already"),
        (["keras=resnet_v2_50"], "keras is a name already"),
        ([f"a={DIGITS}", "a=vgg_16"], "a can't stand for both"),
        ([f"a={DIGITS}", f"b={DIGITS}"], "one network is no two"),
        ([f"a={DIGITS}", DIGITS], "one network is no two"),
    ],
)
def test_what_would_mix_networks_up_is_refused(texts, said):
    with pytest.raises(UsageError, match=said):
        ShortNames.of(texts)
