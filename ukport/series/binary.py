"""Apply git's binary patches: a whole file, or a delta against one."""

from ukport.series.model import Binary


class DeltaError(ValueError):
    """A delta that does not fit its base."""


def apply_binary(change: Binary, base: bytes) -> bytes:
    """The new bytes; DeltaError where a delta was made for another base."""
    if change.method == "literal":
        return change.data
    return _apply_delta(change.data, base)


def _apply_delta(delta: bytes, base: bytes) -> bytes:
    wanted, at = _size(delta, 0)
    made, at = _size(delta, at)
    if wanted != len(base):
        raise DeltaError(f"the delta is for a file of {wanted} bytes, this one has {len(base)}")
    out = bytearray()
    while at < len(delta):
        opcode = delta[at]
        at += 1
        if opcode & 0x80:
            offset, at = _number(delta, at, opcode & 0x0F)
            size, at = _number(delta, at, (opcode >> 4) & 0x07)
            size = size or 0x10000
            if offset + size > len(base):
                raise DeltaError("the delta copies from beyond the end of its base")
            out += base[offset : offset + size]
        elif opcode:
            out += delta[at : at + opcode]
            at += opcode
        else:
            raise DeltaError("the delta holds an unknown instruction")
        if len(out) > made:
            raise DeltaError("the delta makes more bytes than it promises")
    if len(out) != made:
        raise DeltaError(f"the delta promises {made} bytes and makes {len(out)}")
    return bytes(out)


def _size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while at < len(delta):
        byte = delta[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return size, at
    raise DeltaError("the delta is cut off")


def _number(delta: bytes, at: int, present: int) -> tuple[int, int]:
    value = 0
    for bit in range(4):
        if present & (1 << bit):
            if at >= len(delta):
                raise DeltaError("the delta is cut off")
            value |= delta[at] << (8 * bit)
            at += 1
    return value, at
