"""What TensorFlow is told about GPUs before it uses any, on a TensorFlow that notes it."""

import pytest

from utils import accelerator
from utils.errors import UsageError


class Noted:
    """As much of tf.config as is used, with two GPUs."""

    def __init__(self, at_work=False):
        self.config = self.experimental = self
        self.done, self._at_work, self._visible = [], at_work, ["GPU:0", "GPU:1"]

    def get_visible_devices(self, kind):
        assert kind == "GPU"
        return self._visible

    def set_visible_devices(self, devices, kind):
        self._visible = devices

    def set_memory_growth(self, gpu, enabled):
        if self._at_work:
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        self.done.append((gpu, enabled))

    def enable_tensor_float_32_execution(self, enabled):
        self.done.append(("TF32", enabled))


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in ("FGNM_DEVICE", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


def test_memory_grows_and_float32_is_float32():
    tf = Noted()
    accelerator.prepare(tf)
    assert tf.done == [("TF32", False), ("GPU:0", True), ("GPU:1", True)]


def test_where_devices_are_at_work_they_stay_as_they_are():
    tf = Noted(at_work=True)
    accelerator.prepare(tf)
    assert tf.done == [("TF32", False)]


def test_gpus_can_be_hidden(monkeypatch):
    assert not accelerator.hidden()
    monkeypatch.setenv("FGNM_DEVICE", "cpu")
    tf = Noted()
    accelerator.prepare(tf)
    assert tf.get_visible_devices("GPU") == [] and accelerator.hidden()
    monkeypatch.delenv("FGNM_DEVICE")
    for value, hidden in (("", True), ("-1", True), ("0,1", False)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
        assert accelerator.hidden() is hidden


def test_what_else_is_asked_for_is_refused(monkeypatch):
    monkeypatch.setenv("FGNM_DEVICE", "tpu")
    with pytest.raises(UsageError, match="FGNM_DEVICE is 'tpu'; it must be cpu or gpu"):
        accelerator.wanted()


def test_it_is_said_at_the_first_import_and_once():
    from utils import quiet

    assert quiet._prepare_devices.cache_info().maxsize is None
    quiet.import_tensorflow()
    import tensorflow as tf

    assert not tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(True)
    try:
        quiet.import_tensorflow()
        assert tf.config.experimental.tensor_float_32_execution_enabled()
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(False)
