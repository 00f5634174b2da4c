import ctypes
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from utils.errors import Interrupted
from utils.interruption import Interruption

ROOT = Path(__file__).resolve().parents[2]
# The main thread waits in C for a mutex that it holds itself: no handler of Python's can run there.
STUCK = """
    import ctypes, sys
    sys.path.insert(0, sys.argv[1])
    sys.argv[0] = "attack.py"
    from utils.interruption import Interruption
    with Interruption() as interruption:
        interruption.under_way = "images 1 to 16 of 16, which are then kept"
        print("ready", flush=True)
        mutex = ctypes.create_string_buffer(256)
        for _ in range(2):
            ctypes.CDLL(None).pthread_mutex_lock(mutex)
"""


def wait_for(holds, seconds=2.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_held_until_it_is_safe(number, code):
    with Interruption() as interruption:
        interruption.check()
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted, match="same command again to continue") as caught:
            interruption.check()
    assert caught.value.exit_code == code


def test_a_second_signal_is_not_held_and_handlers_are_put_back():
    def handler(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handler)
    try:
        ended = []
        with Interruption(end=ended.append) as interruption:
            os.kill(os.getpid(), signal.SIGINT)
            wait_for(lambda: interruption.acknowledged)
            assert not ended
            os.kill(os.getpid(), signal.SIGINT)
            wait_for(lambda: ended == [signal.SIGINT])
        assert signal.getsignal(signal.SIGINT) is handler
        with Interruption():
            assert signal.getsignal(signal.SIGINT) is not handler
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "pthread_mutex_lock"), reason="no pthreads")
def test_the_first_is_acknowledged_and_the_second_ends_whatever_the_main_thread_does():
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STUCK), str(ROOT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs, and all that they start, ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    first = process.stderr.readline()
    assert time.monotonic() - begin < 1
    assert first == (
        "attack.py: SIGINT: waiting for images 1 to 16 of 16, which are then kept; once more ends "
        "it at once.\n"
    )
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=2) == 130
    assert process.stderr.read() == "attack.py: Stopped by SIGINT; what is finished is written.\n"


def test_outside_of_the_main_thread_signals_go_where_they_went():
    def enter():
        with Interruption() as interruption:
            interruption.check()
            return signal.getsignal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(enter).result() is before
