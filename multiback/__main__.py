"""`python -m multiback`: the command line."""

import sys

from multiback.cli import main

sys.exit(main())
