"""Files of the cache that are written in one step."""

import os
from pathlib import Path


def store(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all; another ukport may be writing the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)
