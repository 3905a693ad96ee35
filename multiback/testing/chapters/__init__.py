"""The suite's chapters: each module gives `checks()`, and `uncovered()`: the registered names that have none."""
