"""Everything that ukport loads, for the processes that are forked off."""

from importlib import import_module
from pkgutil import walk_packages

import ukport

for one in walk_packages(ukport.__path__, "ukport."):
    if not one.name.endswith("__main__"):
        import_module(one.name)
# What some of it loads where it is needed.
for name in (
    "difflib",
    "email.header",
    "elftools.dwarf.dwarfinfo",
    "elftools.elf.elffile",
    "filelock",
    "jinja2",
    "kconfiglib",
    "platformdirs.unix",
    "pycparser.c_generator",
    "pycparser.c_parser",
    "rich.console",
    "rich.table",
    "rich.text",
    "tomlkit",
    "xml.etree.ElementTree",
):
    import_module(name)
