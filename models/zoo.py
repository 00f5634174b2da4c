"""The zoo: one table of all networks. A new network is one row, and one file if its form is new."""

from functools import cache, partial
from typing import Any

from models.external import ExternalNetwork, is_external, parse_external
from models.form import Form
from models.network import ADVERSARIALLY, ENSEMBLE_ADVERSARIALLY, Builder, Network
from utils.errors import UnknownNetwork


@cache
def _form(module: str, **options: Any) -> Builder:
    """A builder with its options, the same object wherever rows share it."""
    return partial(Form(module), **options)


# What the rows of one architecture share.
_INCEPTION_V3 = partial(
    Network,
    family="Inception v3",
    builder=Form("inception_v3"),
    scope="InceptionV3",
    side=299,
    # The largest side that still ends in the 8 x 8 grid its head pools over.
    largest_side=330,
    batch_norm_gamma=False,
)
_INCEPTION_RESNET_V2 = partial(
    Network,
    family="Inception-ResNet v2",
    builder=Form("inception_resnet_v2"),
    scope="InceptionResnetV2",
    side=299,
    batch_norm_gamma=False,
)
_DEMO = partial(Network, side=64, num_classes=11, zoo="demo")


def _resnet_v2(depth: int, clean_accuracy: float) -> Network:
    name = f"resnet_v2_{depth}"
    return Network(
        name,
        family="ResNet v2",
        builder=_form("resnet_v2", depth=depth),
        scope=name,
        side=299,
        batch_norm_epsilon=1e-5,
        clean_accuracy=clean_accuracy,
        tarball=f"{name}_2017_04_14.tar.gz",
    )


def _vgg(depth: int) -> Network:
    name = f"vgg_{depth}"
    return Network(
        name,
        family="VGG",
        builder=_form("vgg", depth=depth),
        scope=name,
        side=224,
        preprocessing="vgg",
        num_classes=1000,
        tarball=f"{name}_2016_08_28.tar.gz",
    )


def _densenet(depth: int) -> Network:
    name = f"densenet{depth}"
    return Network(
        name,
        family="DenseNet",
        builder=_form("densenet", depth=depth),
        scope=name,
        side=224,
        preprocessing="densenet",
        num_classes=1000,
        batch_norm_epsilon=1.1e-5,
        files=(f"tf-{name}.ckpt", f"{name}.ckpt"),
        elsewhere="the TF-slim port of DenseNet-Keras "
        "(https://github.com/pudae/tensorflow-densenet)",
    )


def _mobilenet_v1(multiplier: str, side: int) -> Network:
    name = f"mobilenet_v1_{multiplier}_{side}"
    return Network(
        name,
        family="MobileNet v1",
        builder=_form("mobilenet_v1", multiplier=float(multiplier)),
        scope="MobilenetV1",
        side=side,
        tarball=f"{name}_2017_06_14.tar.gz",
    )


def _mobilenet_v2(multiplier: str) -> Network:
    name = f"mobilenet_v2_{multiplier}_224"
    return Network(
        name,
        family="MobileNet v2",
        builder=_form("mobilenet_v2", multiplier=float(multiplier)),
        scope="MobilenetV2",
        side=224,
        tarball=f"{name}.tgz",
    )


def _feature_denoising(name: str, file: str, builder: str) -> Network:
    return Network(
        name,
        family="Feature denoising",
        builder=partial(Form("feature_denoising", builder), scope=name),
        scope=name,
        side=224,
        preprocessing="bgr",
        num_classes=1000,
        batch_norm_epsilon=1e-5,
        trained=ADVERSARIALLY,
        files=(f"{file}.npz", f"{file}_rename.npz"),
        elsewhere="its authors, in the releases of "
        "https://github.com/facebookresearch/ImageNet-Adversarial-Training",
    )


_ROWS = (
    _INCEPTION_V3("inception_v3", clean_accuracy=96.2, tarball="inception_v3_2016_08_28.tar.gz"),
    Network(
        "inception_v4",
        family="Inception v4",
        builder=Form("inception_v4"),
        scope="InceptionV4",
        side=299,
        batch_norm_gamma=False,
        clean_accuracy=97.4,
        tarball="inception_v4_2016_09_09.tar.gz",
    ),
    _INCEPTION_RESNET_V2(
        "inception_resnet_v2",
        files=("inception_resnet_v2_2016_08_30.ckpt", "inception_resnet_v2.ckpt"),
        clean_accuracy=99.8,
        tarball="inception_resnet_v2_2016_08_30.tar.gz",
    ),
    _resnet_v2(50, 94.9),
    _resnet_v2(101, 96.3),
    _resnet_v2(152, 95.8),
    _vgg(16),
    _vgg(19),
    _densenet(121),
    _densenet(161),
    *(
        _mobilenet_v1(multiplier, side)
        for multiplier in ("1.0", "0.75", "0.5", "0.25")
        for side in (224, 192, 160, 128)
    ),
    _mobilenet_v2("1.0"),
    _mobilenet_v2("1.4"),
    _INCEPTION_V3(
        "adv_inception_v3",
        trained=ADVERSARIALLY,
        clean_accuracy=94.9,
        tarball="adv_inception_v3_2017_08_18.tar.gz",
    ),
    *(
        _INCEPTION_V3(
            name,
            trained=ENSEMBLE_ADVERSARIALLY,
            clean_accuracy=clean_accuracy,
            tarball=f"{name}_2017_08_18.tar.gz",
        )
        for name, clean_accuracy in (
            ("ens3_adv_inception_v3", 93.7),
            ("ens4_adv_inception_v3", 91.6),
        )
    ),
    _INCEPTION_RESNET_V2(
        "adv_inception_resnet_v2",
        trained=ADVERSARIALLY,
        tarball="adv_inception_resnet_v2_2017_12_18.tar.gz",
    ),
    _INCEPTION_RESNET_V2(
        "ens_adv_inception_resnet_v2",
        trained=ENSEMBLE_ADVERSARIALLY,
        clean_accuracy=97.6,
        tarball="ens_adv_inception_resnet_v2_2017_08_18.tar.gz",
    ),
    _feature_denoising("r152_baseline", "R152", "r152"),
    _feature_denoising("r152_denoise", "R152-Denoise", "r152_denoise"),
    _feature_denoising("x101_denoise_all", "X101-DenoiseAll", "x101_denoise_all"),
    _DEMO("demo_inception", "Inception v3", Form("demo", "demo_inception"), "DemoInceptionV3"),
    _DEMO("demo_resnet", "ResNet v2", Form("demo", "demo_resnet"), "demo_resnet_v2"),
    _DEMO(
        "demo_vgg", "VGG", Form("demo", "demo_vgg"), "demo_vgg", num_classes=10, preprocessing="vgg"
    ),
    _DEMO("demo_mobilenet", "MobileNet v1", Form("demo", "demo_mobilenet"), "DemoMobilenetV1"),
    _DEMO("demo_densenet", "DenseNet", Form("demo", "demo_densenet"), "demo_densenet"),
    _DEMO(
        "demo_adv_resnet",
        "ResNet v2",
        Form("demo", "demo_resnet"),
        "demo_resnet_v2",
        trained=ADVERSARIALLY,
    ),
    _DEMO(
        "demo_ens_adv_inception",
        "Inception v3",
        Form("demo", "demo_inception"),
        "DemoInceptionV3",
        trained=ENSEMBLE_ADVERSARIALLY,
    ),
)

NETWORKS: dict[str, Network] = {row.name: row for row in _ROWS}


def get_network(name: str) -> Network | ExternalNetwork:
    """The row called `name`, or the external network that it describes.

    Raises:
      UnknownNetwork: there is none; the message lists the known ones.
    """
    if is_external(name):
        return parse_external(name)
    if name not in NETWORKS:
        raise UnknownNetwork(
            f"unknown network {name!r}; the known ones are {', '.join(NETWORKS)}, keras:NAME, "
            "saved_model:PATH, onnx:PATH, tflite:PATH and predictions:PATH.csv"
        )
    return NETWORKS[name]
