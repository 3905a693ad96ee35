"""Handlers of plain ATen ops, by family: each module has a table `HANDLERS`."""
