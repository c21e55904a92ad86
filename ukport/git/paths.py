"""Which paths and links inside a tree may be written: none that leaves it."""

import posixpath


def unsafe_path(path: str) -> str:
    """Why a path inside a tree must not be written, or an empty string where it may be."""
    if not path or "\0" in path:
        return "is empty or holds a NUL"
    if path.startswith("/"):
        return "is absolute"
    for part in path.split("/"):
        # HFS+ and NTFS see .git in more spellings; these trees are unpacked on any of them.
        if part in ("", ".", ".."):
            return f"has a part {part!r}"
        if part.rstrip(" .").lower() == ".git" or part.lower().startswith("git~"):
            return "goes into .git"
    return ""


def unsafe_link(path: str, target: str) -> str:
    """Why a symbolic link must not be made, or an empty string where it stays in its tree."""
    if not target or "\0" in target:
        return "has no target"
    if target.startswith("/"):
        return f"points to {target!r}, which is absolute"
    landed = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if landed == ".." or landed.startswith("../"):
        return f"points to {target!r}, which is outside the tree"
    return ""
