"""More images take more time, not more memory."""


def peak(runner, output, images):
    run = runner.start(output, f"--limit={images}", "--batch_size=16", "--num_iter=1")
    assert run.wait() == 0, run.text()
    return run.peak


def test_three_times_the_images_take_the_same_memory(runner, tmp_path):
    small, large = (peak(runner, tmp_path / str(n), n) for n in (96, 288))
    assert large < 1.1 * small
