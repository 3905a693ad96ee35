"""Configurations and files: a closed registry of classes, `.keras` archives, checkpoints."""
