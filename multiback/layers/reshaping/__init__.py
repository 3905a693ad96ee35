"""Layers that move, repeat, add or remove elements without computing with them."""
