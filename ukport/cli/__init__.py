"""The command line: parsing, exit codes, nothing else. Work is imported when it is asked for."""


def main() -> None:
    """The entry point; ^C is quiet even before there is a command."""
    import sys

    try:
        from ukport.cli import hook

        if asked := hook.asked(sys.argv[1:]):
            from ukport.cli.edge import guarded

            sys.exit(guarded(lambda: hook.check(asked)))
        from ukport.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
