"""Versions and sources: which tag is meant, bare caches, archives, checks against the lock."""

from ukport.source.cache import Archive, Cache, ChecksumError, default_root
from ukport.source.fetch import Source, Sources, fetch, find_exact, find_version, known_versions
from ukport.source.versions import NoSuchVersionError, Version, releases, resolve, within

__all__ = [
    "Archive",
    "Cache",
    "ChecksumError",
    "NoSuchVersionError",
    "Source",
    "Sources",
    "Version",
    "default_root",
    "fetch",
    "find_exact",
    "find_version",
    "known_versions",
    "releases",
    "resolve",
    "within",
]
