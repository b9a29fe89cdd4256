"""The greys of an image file, by the one decoder: that of the crate ``medchain-vision``.

A program of the crate, ``medchain-greys``, reads file after file from this process.
``models/run.sh`` builds it and names it in ``MEDCHAIN_GREYS``.
"""

from __future__ import annotations

import atexit
import functools
import os
import struct
import subprocess
import threading
from pathlib import Path

import numpy as np

COMMAND = "cargo build --release -p medchain-vision --no-default-features --bin medchain-greys"


def program() -> Path:
    """Where the program is."""
    if os.environ.get("MEDCHAIN_GREYS"):
        return Path(os.environ["MEDCHAIN_GREYS"])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "medchain"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or cache / "target")
    return target / "release" / "medchain-greys"


class Decoder:
    """A running program, which ends with this process."""

    def __init__(self, *options: str):
        path = program()
        try:
            self._child = subprocess.Popen(
                [path, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except FileNotFoundError:
            raise RuntimeError(
                f"{path} is missing: films are decoded by it. Start the steps with models/run.sh, "
                f"or build it (`{COMMAND}`) and name it in MEDCHAIN_GREYS"
            ) from None
        self._lock = threading.Lock()
        atexit.register(self.close)

    def close(self) -> None:
        """Ends the program."""
        try:
            self._child.stdin.close()
        except BrokenPipeError:
            pass
        self._child.stdout.close()
        # Where this process was forked, its copies have the pipe as well: the program would not
        # see that it is closed, and would be waited for as long as they live.
        self._child.kill()
        self._child.wait()

    def greys(self, data: bytes) -> np.ndarray:
        """(height, width) uint8. A ValueError says why a file is refused."""
        with self._lock:
            try:
                self._child.stdin.write(struct.pack("<Q", len(data)))
                self._child.stdin.write(data)
                self._child.stdin.flush()
            except BrokenPipeError:
                pass
            if self._take(1) == b"\0":
                width, height = struct.unpack("<II", self._take(8))
                pixels = np.frombuffer(self._take(width * height), np.uint8)
                return pixels.reshape(height, width).copy()
            message = self._take(*struct.unpack("<I", self._take(4)))
        raise ValueError(message.decode())

    def _take(self, count: int) -> bytes:
        found = self._child.stdout.read(count)
        if len(found) != count:
            raise RuntimeError(f"{program()} ended, with {self._child.wait()}; what it said stands above")
        return found


@functools.cache
def _decoder(process: int, *options: str) -> Decoder:
    return Decoder(*options)


def decode(data: bytes) -> np.ndarray:
    """The upright greys of a file, (height, width) uint8."""
    return _decoder(os.getpid()).greys(data)


def square(data: bytes) -> np.ndarray:
    """The shipped model's square of a file as Rust makes it; what Python is compared with."""
    return _decoder(os.getpid(), "--squares").greys(data)
