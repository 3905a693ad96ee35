"""Attention: weighted means of values, with weights from queries and keys."""
