"""The command line: `multiback backends`, `ops`, `conformance`, `tune`, `profile`, `port`, `inspect`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from multiback.cli import conformance, inspect, port, profile, tune
from multiback.errors import MultibackError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; errors of multiback are printed without a traceback and give exit status 2."""
    parser = argparse.ArgumentParser(prog="multiback", description="One model, any framework.")
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="command")
    backends = commands.add_parser("backends", help="list the backends, their versions and devices")
    backends.add_argument("--json", action="store_true", help="as JSON")
    vocabulary = commands.add_parser("ops", help="list the operations")
    vocabulary.add_argument("name", nargs="?", help="show the documentation of one")
    modules = {}
    for name, module, summary in (
        ("conformance", conformance, "judge backends, an adapter or a model"),
        ("tune", tune, "measure the steps of a model here, and remember the quickest ways"),
        ("profile", profile, "measure where the time of a model's step goes"),
        ("port", port, "bring a model file into another framework"),
        ("inspect", inspect, "show what is in a model file"),
    ):
        modules[name] = module
        module.add_arguments(
            commands.add_parser(
                name,
                help=summary,
                description=module.DESCRIPTION,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    given = parser.parse_args(argv)
    try:
        if given.version:
            from multiback import __version__

            print(f"multiback {__version__}")
        elif given.command == "backends":
            from multiback.cli.backends import list_backends

            list_backends(as_json=given.json)
        elif given.command == "ops":
            from multiback.cli.vocabulary import show_ops

            show_ops(given.name)
        elif given.command in modules:
            return modules[given.command].run(given)
        else:
            parser.print_help()
    except MultibackError as error:
        print(f"multiback: {error}", file=sys.stderr)
        return 2
    return 0
