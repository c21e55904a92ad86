"""``python -m ukport``."""

from ukport.cli import main

main()
