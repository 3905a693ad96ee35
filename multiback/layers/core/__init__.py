"""Layers that many models are made of: Input, Dense, Embedding, Activation, Identity, Masking, Lambda."""
