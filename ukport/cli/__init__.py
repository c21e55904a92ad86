"""The command line: parsing, exit codes, nothing else. Work is imported when it is asked for."""

# Objects made between two looks for rings of dead ones. Most commands end before the first: it
# would find nothing but modules, at a tenth of the time that they take.
_FEW_LOOKS = 100_000


def main() -> None:
    """The entry point; ^C is quiet even before there is a command."""
    import atexit
    import gc
    import sys

    gc.set_threshold(_FEW_LOOKS)
    # What is still alive at the end goes with the process: no last look at it.
    atexit.register(gc.freeze)
    try:
        from ukport.cli import hook

        if asked := hook.asked(sys.argv[1:]):
            from ukport.cli.edge import guarded

            sys.exit(guarded(lambda: hook.check(asked)))
        from ukport.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:  # help has nowhere to be written to
        from ukport.cli.edge import failed

        sys.exit(failed(error))
