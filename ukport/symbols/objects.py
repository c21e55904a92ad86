"""The symbols of an object file, read with pyelftools."""

from pathlib import Path

from ukport.errors import UkportError

# Made by the linker, for objects that ask where the table is.
LINKERS = frozenset({"_GLOBAL_OFFSET_TABLE_"})
# Relocations of a call: what is only read or written has others.
_CALLS = {
    "EM_X86_64": frozenset({4}),  # R_X86_64_PLT32
    "EM_AARCH64": frozenset({282, 283}),  # R_AARCH64_JUMP26, R_AARCH64_CALL26
}
_SEEN = ("STB_GLOBAL", "STB_WEAK", "STB_GNU_UNIQUE", "STB_LOOS")


class ObjectError(UkportError):
    """A file that is no object."""


def read(path: Path) -> tuple[dict[str, bool], frozenset[str]]:
    """What an object defines, with whether it is a function, and what it needs.

    Raises ObjectError.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    defines: dict[str, bool] = {}
    needs = set()
    try:
        with path.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                if not isinstance(section, SymbolTableSection):
                    continue
                for symbol in section.iter_symbols():
                    info = symbol["st_info"]
                    if info["bind"] not in _SEEN or not symbol.name:
                        continue
                    if symbol["st_shndx"] == "SHN_UNDEF":
                        needs.add(symbol.name)
                    else:
                        defines[symbol.name] = info["type"] == "STT_FUNC"
    except (ELFError, OSError, ValueError, KeyError) as error:
        raise ObjectError(f"{path.name} is no object: {error}") from None
    return defines, frozenset(needs - LINKERS)


def weakly(path: Path) -> frozenset[str]:
    """What an object refers to, but can do without: the linker leaves it null.

    Raises ObjectError.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    try:
        with path.open("rb") as file:
            return frozenset(
                symbol.name
                for section in ELFFile(file).iter_sections()
                if isinstance(section, SymbolTableSection)
                for symbol in section.iter_symbols()
                if symbol["st_info"]["bind"] == "STB_WEAK" and symbol["st_shndx"] == "SHN_UNDEF"
            )
    except (ELFError, OSError, ValueError, KeyError) as error:
        raise ObjectError(f"{path.name} is no object: {error}") from None


def called(path: Path) -> frozenset[str]:
    """What an object calls, of what it does not define; raises ObjectError."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.relocation import RelocationSection
    from elftools.elf.sections import SymbolTableSection

    found = set()
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            calls = _CALLS.get(elf["e_machine"], frozenset())
            for section in elf.iter_sections():
                if not isinstance(section, RelocationSection):
                    continue
                symbols = elf.get_section(section["sh_link"])
                if not isinstance(symbols, SymbolTableSection):
                    continue
                for one in section.iter_relocations():
                    if one["r_info_type"] in calls:
                        symbol = symbols.get_symbol(one["r_info_sym"])
                        if symbol["st_shndx"] == "SHN_UNDEF":
                            found.add(symbol.name)
    except (ELFError, OSError, ValueError, KeyError) as error:
        raise ObjectError(f"{path.name} is no object: {error}") from None
    return frozenset(found)
