"""Digests that identify files and decide which material is held out of training."""

from __future__ import annotations

import hashlib
from pathlib import Path

HELD_OUT_ONE_IN = 25


def sha256_of_bytes(data: bytes) -> str:
    """Hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's contents."""
    return sha256_of_bytes(path.read_bytes())


def is_held_out(key: str) -> bool:
    """Whether the material named ``key`` (a file, a function name) belongs to validation.

    The decision depends on the key alone, so it is the same in every run and on every machine.
    """
    return int(sha256_of_bytes(key.encode())[:12], 16) % HELD_OUT_ONE_IN == 0
