"""Which zoo, source and victims the flags lead to."""

import pytest

from utils.errors import RunError, UnknownNetwork, UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import choose_networks


def _config(**flags):
    return RunConfig.of_flags(flags)


def test_without_checkpoints_it_is_the_demo_zoo_and_says_so(tmp_path, monkeypatch, demo):
    monkeypatch.chdir(tmp_path)
    networks = choose_networks(_config())
    assert networks.zoo == "demo"
    assert list(networks.sources) == ["demo_inception"]
    assert list(networks.victims)[0] == "demo_inception" and len(networks.victims) >= 5
    assert "inception_v3" in networks.reason
    assert networks.input_csv == demo / "dev_dataset.csv"


def test_auto_takes_imagenet_where_the_default_source_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "inception_v3.ckpt").write_bytes(b"")
    (tmp_path / "checkpoints" / "mobilenet_v2_1.0_224.ckpt.index").write_bytes(b"")
    networks = choose_networks(_config())
    assert networks.zoo == "imagenet"
    assert list(networks.victims) == ["inception_v3", "mobilenet_v2_1.0_224"]


def test_a_network_of_ones_own_is_judged_on_by_itself_unless_others_are_named(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    source = [f"mine=saved_model:{tmp_path}?classes=10"]
    alone = choose_networks(_config(source=source))
    assert list(alone.victims) == ["mine"] and "of your own" in alone.reason
    assert "demo_vgg" in choose_networks(_config(source=source, victims=["*"])).victims


def test_a_folder_without_the_default_source_does_not_fall_back_to_the_demo(tmp_path):
    with pytest.raises(UsageError, match="--source"):
        choose_networks(_config(checkpoint_path=str(tmp_path)))


def test_what_can_t_be_is_named(tmp_path):
    with pytest.raises(UnknownNetwork, match="resnet_v9.*demo_inception"):
        choose_networks(_config(source=["resnet_v9"]))
    with pytest.raises(UsageError, match="mixes"):
        choose_networks(_config(source=["demo_inception", "inception_v3"]))
    with pytest.raises(UsageError, match="--zoo"):
        choose_networks(_config(source=["demo_inception"], zoo="imagenet"))
    with pytest.raises(UsageError, match="demo"):
        choose_networks(_config(source=["demo_inception"], victims=["inception_v3"]))
    with pytest.raises(UsageError, match="no folder"):
        choose_networks(_config(source=["inception_v3"], checkpoint_path=str(tmp_path / "no")))
    with pytest.raises(RunError, match="inception_v3.ckpt"):
        choose_networks(_config(source=["inception_v3"], checkpoint_path=str(tmp_path)))
