"""Handlers of the ATen ops that have one readable composite here, by family: each module has a table `HANDLERS`."""
