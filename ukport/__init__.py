"""ukport: a porting assistant and patch manager for Unikraft's external libraries."""

__version__ = "0.1.0"
