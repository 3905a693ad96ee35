"""Functions and classes that are copied into generated files; each stands alone but for torch."""
