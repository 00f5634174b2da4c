"""The zoo: one table of all networks. A new network is one row, and one file if its form is new."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import tensorflow as tf

from models.errors import UnknownNetwork
from models.nets import demo
from models.nets.inception_v3 import inception_v3
from models.nets.mobilenet_v1 import mobilenet_v1
from models.nets.mobilenet_v2 import mobilenet_v2

NORMALLY = "normally"
ADVERSARIALLY = "adversarially"
ENSEMBLE_ADVERSARIALLY = "ensemble adversarially"

Builder = Callable[[tf.Tensor, int], tuple[tf.Tensor, tf.Tensor | None]]


@dataclass(frozen=True)
class Network:
    """One row of the zoo.

    Attributes:
      name: what users call it.
      family: the architecture, for people.
      builder: (images, num_classes) -> (logits, auxiliary logits or None), under `scope`.
      scope: the variable scope that the builder opens; a checkpoint may have another one.
      side: pixels of its input.
      files: names its checkpoint has, the published first.
      preprocessing: a name in models/preprocessing.py.
      num_classes: columns of its logits.
      label_offset: column + label_offset = label as in the CSV.
      batch_norm_epsilon: what the network adds to the variance.
      batch_norm_gamma: whether its checkpoint must hold a gamma; else 1, unless there is one.
      trained: "normally", "adversarially" or "ensemble adversarially".
      zoo: "imagenet" or "demo".
      clean_accuracy: published, in percent, on the 1000 development images; None if unknown.
      largest_side: images from `side` to this many pixels are fed as they are; 0 stands for `side`.
      tarball: what the files are published in; None where there is no public direct link.
    """

    name: str
    family: str
    builder: Builder
    scope: str
    side: int
    files: tuple[str, ...]
    preprocessing: str = "inception"
    num_classes: int = 1001
    label_offset: int = 0
    batch_norm_epsilon: float = 1e-3
    batch_norm_gamma: bool = True
    trained: str = NORMALLY
    zoo: str = "imagenet"
    clean_accuracy: float | None = None
    largest_side: int = 0
    tarball: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "largest_side", max(self.side, self.largest_side))


def _inception_v3(name: str, **fields: object) -> Network:
    # 330 is the largest side that still ends in the 8 x 8 grid its head pools over.
    return Network(
        name=name,
        family="Inception v3",
        builder=inception_v3,
        scope="InceptionV3",
        side=299,
        largest_side=330,
        batch_norm_gamma=False,
        files=(f"{name}.ckpt", f"{name}_rename.ckpt"),
        **fields,
    )


def _mobilenet_v1(multiplier: str, side: int) -> Network:
    name = f"mobilenet_v1_{multiplier}_{side}"
    return Network(
        name=name,
        family="MobileNet v1",
        builder=partial(mobilenet_v1, multiplier=float(multiplier)),
        scope="MobilenetV1",
        side=side,
        files=(f"{name}.ckpt",),
        tarball=f"{name}_2017_06_14.tar.gz",
    )


def _mobilenet_v2(multiplier: str) -> Network:
    name = f"mobilenet_v2_{multiplier}_224"
    return Network(
        name=name,
        family="MobileNet v2",
        builder=partial(mobilenet_v2, multiplier=float(multiplier)),
        scope="MobilenetV2",
        side=224,
        files=(f"{name}.ckpt",),
        tarball=f"{name}.tgz",
    )


def _demo(
    name: str, family: str, builder: Builder, scope: str, num_classes: int = 11, **fields: object
) -> Network:
    return Network(
        name=name,
        family=family,
        builder=builder,
        scope=scope,
        side=64,
        files=(f"{name}.ckpt",),
        num_classes=num_classes,
        label_offset=11 - num_classes,
        zoo="demo",
        **fields,
    )


_ROWS = (
    _inception_v3("inception_v3", clean_accuracy=96.2, tarball="inception_v3_2016_08_28.tar.gz"),
    _inception_v3(
        "adv_inception_v3",
        trained=ADVERSARIALLY,
        clean_accuracy=94.9,
        tarball="adv_inception_v3_2017_08_18.tar.gz",
    ),
    _inception_v3(
        "ens3_adv_inception_v3",
        trained=ENSEMBLE_ADVERSARIALLY,
        clean_accuracy=93.7,
        tarball="ens3_adv_inception_v3_2017_08_18.tar.gz",
    ),
    _inception_v3(
        "ens4_adv_inception_v3",
        trained=ENSEMBLE_ADVERSARIALLY,
        clean_accuracy=91.6,
        tarball="ens4_adv_inception_v3_2017_08_18.tar.gz",
    ),
    *(
        _mobilenet_v1(multiplier, side)
        for multiplier in ("1.0", "0.75", "0.5", "0.25")
        for side in (224, 192, 160, 128)
    ),
    *(_mobilenet_v2(multiplier) for multiplier in ("1.0", "1.4")),
    _demo("demo_inception", "Inception v3", demo.demo_inception, "DemoInceptionV3"),
    _demo("demo_resnet", "ResNet v2", demo.demo_resnet, "demo_resnet_v2"),
    _demo("demo_vgg", "VGG", demo.demo_vgg, "demo_vgg", num_classes=10, preprocessing="vgg"),
    _demo("demo_mobilenet", "MobileNet v1", demo.demo_mobilenet, "DemoMobilenetV1"),
    _demo("demo_densenet", "DenseNet", demo.demo_densenet, "demo_densenet"),
    _demo(
        "demo_adv_resnet",
        "ResNet v2",
        demo.demo_resnet,
        "demo_resnet_v2",
        trained=ADVERSARIALLY,
    ),
    _demo(
        "demo_ens_adv_inception",
        "Inception v3",
        demo.demo_inception,
        "DemoInceptionV3",
        trained=ENSEMBLE_ADVERSARIALLY,
    ),
)

NETWORKS: dict[str, Network] = {row.name: row for row in _ROWS}


def get_network(name: str) -> Network:
    """The row called `name`.

    Raises:
      UnknownNetwork: there is none; the message lists the known ones.
    """
    if name not in NETWORKS:
        raise UnknownNetwork(f"unknown network {name!r}; the known ones are {', '.join(NETWORKS)}")
    return NETWORKS[name]
