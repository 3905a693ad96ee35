"""Backends: the contract an adapter keeps, how adapters are found and chosen, and how functions are compiled for them."""
