"""The command line: parsing, exit codes, nothing else. Work is imported when it is asked for."""


def main() -> None:
    """The entry point."""
    from ukport.cli.app import app

    app()
