"""What a run says of its devices, with stubs of the driver's query and of TensorFlow's GPUs."""

import pytest
import tensorflow as tf

from tests.records import record_of
from utils import nvidia, processor
from utils.errors import RunError, UsageError
from utils.pipeline import arithmetic
from utils.pipeline.config import RunConfig
from utils.pipeline.devices import find_devices
from utils.pipeline.hardware import check_devices, environment_of
from utils.quiet import import_tensorflow

H100 = nvidia.Gpu("NVIDIA H100 80GB HBM3", 81559, (9, 0))
DRIVER = nvidia.Driver("550.54.14", (H100,))


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine with an NVIDIA driver, whose GPU TensorFlow doesn't see."""
    for name in ("FGNM_DEVICE", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(nvidia, "find_driver", lambda: DRIVER)
    monkeypatch.setattr(processor, "has_bfloat16", lambda: False)


@pytest.fixture
def seen(monkeypatch):
    """TensorFlow sees the GPU, once it has prepared those that it really has."""
    import_tensorflow()
    device = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    of_kind = {"GPU": [device]}
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: of_kind.get(kind, []))
    details = {"device_name": H100.name, "compute_capability": (9, 0)}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: details)


def notes(*devices, **flags):
    return list(check_devices(RunConfig(**flags), devices or ("/CPU:0",)))


def test_a_driver_without_a_usable_gpu_is_told_of_in_one_line():
    (note,) = notes()
    assert "NVIDIA driver (550.54.14: NVIDIA H100 80GB HBM3)" in note and "\n" not in note
    assert "no usable GPU, so this runs on the processor" in note
    assert "`python scripts/doctor.py` says why" in note


def test_nothing_is_said_where_nothing_is_amiss(monkeypatch):
    assert notes("/GPU:0", dtype="bfloat16", tf32=True) == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert notes() == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(nvidia, "find_driver", lambda: None)
    assert notes() == []


def test_a_gpu_that_was_asked_for_and_is_not_there_ends_the_run(monkeypatch):
    monkeypatch.setenv("FGNM_DEVICE", "gpu")
    with pytest.raises(RunError, match="FGNM_DEVICE is gpu, but TensorFlow finds no usable GPU"):
        notes()
    assert notes("/GPU:0") == []
    monkeypatch.setenv("FGNM_DEVICE", "cuda")
    with pytest.raises(UsageError, match="FGNM_DEVICE is 'cuda'"):
        notes("/GPU:0")


def test_types_that_the_processor_lacks(monkeypatch):
    monkeypatch.setenv("FGNM_DEVICE", "cpu")
    (note,) = notes(dtype="bfloat16")
    assert "--dtype bfloat16 is slower than float32 here" in note
    (note,) = notes(tf32=True)
    assert "--tf32 changes nothing on a processor" in note
    for answer in (True, None):
        monkeypatch.setattr(processor, "has_bfloat16", lambda answer=answer: answer)
        assert notes(dtype="bfloat16") == []


def test_run_json_names_the_gpu_its_memory_and_the_libraries(seen):
    assert find_devices(1) == ["/GPU:0"]
    found = environment_of(["/GPU:0"])
    assert found.device == ["/GPU:0"]
    gpu, cpu = found.hardware
    assert gpu == "NVIDIA H100 80GB HBM3, 81559 MiB, compute capability 9.0"
    assert cpu.startswith(processor.name())
    assert found.versions["nvidia-driver"] == "550.54.14"
    assert {"tensorflow", "python", "cuda-built-for", "cudnn-built-for"} <= found.versions.keys()


def test_run_json_names_the_processor():
    (cpu,) = environment_of(["/CPU:0"]).hardware
    assert f"{processor.cores()} cores" in cpu and cpu.endswith(" GB")


def test_a_folder_that_names_no_hardware_is_no_other_environment(capsys):
    from utils.pipeline.begin import _earlier_environments

    now, earlier = environment_of(["/CPU:0"]), record_of(RunConfig())
    earlier.versions, earlier.device, earlier.hardware = now.versions, now.device, []
    assert _earlier_environments(earlier, now, None) == []
    earlier.hardware = list(now.hardware)
    assert _earlier_environments(earlier, now, None) == []
    assert capsys.readouterr().out == ""
    earlier.hardware = ["another"]

    class Folder:
        path = "folder"

    assert _earlier_environments(earlier, now, Folder()) == [earlier.environment]
    assert "hardware ['another'] ->" in capsys.readouterr().out


def test_tf32_holds_while_crafting_alone():
    allowed = tf.config.experimental.tensor_float_32_execution_enabled
    for chosen in (True, False):
        with arithmetic.of_crafting(RunConfig(tf32=chosen)):
            assert allowed() is chosen
        assert not allowed()
    with pytest.raises(RunError), arithmetic.of_crafting(RunConfig(tf32=True)):
        raise RunError("stop")
    assert not allowed()


def test_tf32_is_part_of_the_recipe_and_named_only_where_it_is_chosen():
    assert "tf32" not in RunConfig().recipe()
    assert RunConfig(tf32=True).recipe()["tf32"] is True
    assert RunConfig().all_flags()["tf32"] is False
    assert "deterministic" not in RunConfig(deterministic=True).recipe()


def test_a_folder_with_tf32_holds_no_run_without(tmp_path):
    from utils.pipeline.record import Identity

    with_it, without = (
        Identity(flags=RunConfig(tf32=chosen).recipe(), content={}) for chosen in (True, False)
    )
    with_it.check_continues(with_it, tmp_path)
    with pytest.raises(UsageError, match="--tf32 is its default, but .* holds a run with True"):
        without.check_continues(with_it, tmp_path)
    with pytest.raises(UsageError, match="--tf32 is True, but .* holds a run with its default"):
        with_it.check_continues(without, tmp_path)
