"""A real run, killed, starved of space, locked out, signalled and resumed."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from runs import IMAGES, RUN, results, stop_at_first_png

from data import read_image, write_image

KILLS = int(os.environ.get("FAULT_TEST_KILLS", "50"))


def progress(folder):
    """How far a run is: files with their final names, temporary ones, and records."""
    records = sum(path.read_bytes().count(b"\n") for path in folder.glob(".progress/*.jsonl"))
    return records + sum(1 for path in folder.rglob("*") if path.suffix in (".png", ".csv"))


def check_whole(folder, reference):
    """Whatever bears a final name is whole, and what it is to be at the end."""
    for name, content in results(folder).items():
        assert content == reference[name], name
    if (folder / "run.json").exists():
        assert json.loads((folder / "run.json").read_text())["images"] == IMAGES


def test_killed_at_random_moments_and_resumed(runner, undisturbed, tmp_path):
    reference, draws = results(undisturbed), random.Random(0)
    assert len(reference) == 2 * IMAGES + 3
    began = time.monotonic()
    runner.run(tmp_path / "timed")
    duration, last = time.monotonic() - began, progress(undisturbed)
    kills = midway = finished = 0
    while kills < KILLS:
        # One folder until a run of it ends by itself: kill, resume, kill, resume ...
        folder = tmp_path / str(finished) / RUN
        # Half at any moment; half between two writes, which the clock alone would seldom hit.
        moment, count = draws.uniform(0, duration), draws.randint(progress(folder), last)
        by_clock = draws.random() < 0.5
        began, run = time.monotonic(), runner.start(tmp_path / str(finished))
        while not run.ended() and (
            time.monotonic() - began < moment if by_clock else progress(folder) <= count
        ):
            time.sleep(0.005)
        run.signal(signal.SIGKILL)
        code = run.wait()
        assert code in (0, -signal.SIGKILL), run.text()
        check_whole(folder, reference)
        kills += code != 0
        midway += code != 0 and 0 < progress(folder) < last
        finished += code == 0
    # Not all while the run still got ready, nor after its work.
    assert midway >= KILLS / 3
    for output in range(finished + 1):
        runner.run(tmp_path / str(output))
        folder = tmp_path / str(output) / RUN
        assert results(folder) == reference
        assert not list(folder.rglob("*.partial"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_with_a_sentence(runner, undisturbed, tmp_path, number, code):
    run = runner.start(tmp_path)
    stop_at_first_png(run, tmp_path / RUN)
    run.signal(number)
    run.signal(signal.SIGCONT)
    assert run.wait() == code, run.text()
    assert f"Stopped by {number.name}" in run.text()
    assert "Give the same command again to continue" in run.text()
    assert "Traceback" not in run.text()
    before = results(tmp_path / RUN)
    assert 0 < len(before) < 2 * IMAGES + 3
    made = {name: (tmp_path / RUN / name).stat().st_mtime_ns for name in before}
    runner.run(tmp_path)
    assert results(tmp_path / RUN) == results(undisturbed)
    assert made == {name: (tmp_path / RUN / name).stat().st_mtime_ns for name in made}


def test_a_second_process_is_refused_while_the_first_lives(runner, undisturbed, tmp_path):
    first = runner.start(tmp_path)
    stop_at_first_png(first, tmp_path / RUN)
    with runner.another() as second:
        text = second.run(tmp_path, code=1)
        assert f"Another process is writing to {tmp_path / RUN}" in text
        first.signal(signal.SIGCONT)
        assert first.wait() == 0, first.text()
    assert results(tmp_path / RUN) == results(undisturbed)


def test_finished_work_is_known_by_its_content(runner, undisturbed, tmp_path):
    folder = tmp_path / RUN
    shutil.copytree(undisturbed, folder)
    reference = results(undisturbed)
    names = [name for name in reference if name.startswith("sign/")]
    # One image changed, one gone, one cut short; the tables gone.
    pixels = read_image(folder / names[0])
    write_image(folder / names[0], pixels ^ 1)
    (folder / names[1]).unlink()
    (folder / names[2]).write_bytes(reference[names[2]][:100])
    for table in ("transfer.csv", "per_image.csv", "steps.csv"):
        (folder / table).unlink()
    runner.run(tmp_path)
    assert results(folder) == reference


def test_a_swapped_image_is_crafted_anew(runner, demo, tmp_path):
    images = tmp_path / "images"
    shutil.copytree(demo / "images", images)
    flags = (f"--input_dir={images}", f"--input_csv={demo / 'dev_dataset.csv'}")
    runner.run(tmp_path, *flags)
    before = results(tmp_path / RUN)
    first, *_, last = sorted(path.name for path in (tmp_path / RUN / "sign").iterdir())
    shutil.copy(images / last, images / first)
    runner.run(tmp_path, *flags)
    after = results(tmp_path / RUN)
    for mode in ("sign", "affine"):
        assert after[f"{mode}/{first}"] != before[f"{mode}/{first}"]
        assert after[f"{mode}/{last}"] == before[f"{mode}/{last}"]


def test_flags_that_differ_are_named_and_overwrite_starts_anew(runner, undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / RUN)
    text = runner.run(tmp_path, "--num_iter=1", code=2)
    assert f"--num_iter is 1, but {tmp_path / RUN} holds a run with 2" in text
    assert "--overwrite" in text and "Traceback" not in text
    text = runner.run(tmp_path, "--limit=8", code=2)
    assert "These are 8 images" in text and "no --limit or a larger one" in text
    assert results(tmp_path / RUN) == results(undisturbed)
    runner.run(tmp_path, "--num_iter=1", "--overwrite")
    flags = json.loads((tmp_path / RUN / "run.json").read_text())["flags"]
    assert flags["num_iter"] == 1
    assert results(tmp_path / RUN) != results(undisturbed)


def test_another_checkpoint_of_the_source_is_not_mixed_in(runner, undisturbed, demo, tmp_path):
    shutil.copytree(undisturbed, tmp_path / RUN)
    shutil.copytree(demo / "checkpoints", tmp_path / "checkpoints")
    (data,) = (tmp_path / "checkpoints").glob("demo_vgg.ckpt.data*")
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    text = runner.run(tmp_path, f"--checkpoint_path={tmp_path / 'checkpoints'}", code=2)
    assert "The content of the checkpoint of demo_vgg is another" in text


def test_a_mode_and_a_victim_are_added_to_a_finished_run(runner, undisturbed, tmp_path):
    folder = tmp_path / RUN
    shutil.copytree(undisturbed, folder)
    before = results(folder)
    made = {path: path.stat().st_mtime_ns for path in folder.glob("*/*.png")}
    runner.run(tmp_path, "--mode=raw", "--victims=demo_vgg,demo_inception")
    after = results(folder)
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert sum(name.startswith("raw/") for name in after) == IMAGES
    rows = after["transfer.csv"].decode().splitlines()
    cells = [row.split(",") for row in rows[1:]]
    assert {(row[2], row[5]) for row in cells} == {
        (mode, victim)
        for mode in ("sign", "raw", "affine")
        for victim in ("demo_vgg", "demo_resnet", "demo_inception")
    }
    # What was there before stands there still.
    assert set(before["transfer.csv"].decode().splitlines()) <= set(rows)


def test_two_runs_give_the_same_bytes(runner, tmp_path):
    # Diverse input and the random mode draw; the auxiliary head and three modes add up.
    flags = ("--source=demo_inception", "--method=dm", "--mode=affine,random")
    for name in ("one", "two"):
        runner.run(tmp_path / name, *flags)
    one, two = (
        results(tmp_path / name / "demo" / "demo_inception" / "dm" / "eps16")
        for name in ("one", "two")
    )
    assert len(one) == 3 * IMAGES + 3
    assert one == two


@pytest.mark.parametrize("place", [".", "demo", str(RUN), f"{RUN}/sign"])
def test_a_symbolic_link_as_output_is_refused(runner, tmp_path, place):
    outside, output = tmp_path / "outside", tmp_path / "output"
    outside.mkdir()
    (output / place).parent.mkdir(parents=True, exist_ok=True)
    (output / place).symlink_to(outside)
    text = runner.run(output, code=2)
    assert f"is a symbolic link to {outside}" in text
    assert list(outside.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 96 kB, where mounting is permitted."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)], capture_output=True
    )
    if made.returncode:
        pytest.skip("mounting is not permitted")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def remount(place, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def test_a_full_disk(runner, undisturbed, small_disk):
    output = small_disk / "output"
    text = runner.run(output, code=1)
    assert "No space left on device" in text and "Free some space" in text
    assert "Traceback" not in text
    assert 0 < len(results(output / RUN)) < 2 * IMAGES
    check_whole(output / RUN, results(undisturbed))
    remount(small_disk, "size=4m")
    runner.run(output)
    assert results(output / RUN) == results(undisturbed)


def test_a_read_only_folder(runner, undisturbed, small_disk):
    remount(small_disk, "size=4m")
    output = small_disk / "output"
    output.mkdir()
    remount(small_disk, "ro")
    text = runner.run(output, code=1)
    assert "can't be written: Read-only file system" in text and "--output_dir" in text
    assert "Traceback" not in text
    remount(small_disk, "rw")
    runner.run(output)
    assert results(output / RUN) == results(undisturbed)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(runner, tmp_path):
    (tmp_path / "output").mkdir(mode=0o555)
    text = runner.run(tmp_path / "output", code=1)
    assert "Permission denied" in text and "--output_dir" in text


def test_nothing_is_written_outside_the_run_folder(undisturbed):
    output = undisturbed.parents[3]
    outside = [p for p in output.rglob("*") if p.is_file() and undisturbed not in p.parents]
    assert outside == []
    names = {p.name for p in undisturbed.iterdir()}
    assert names == {
        *("run.json", "transfer.csv", "per_image.csv", "steps.csv"),
        *("sign", "affine", ".progress"),
    }
