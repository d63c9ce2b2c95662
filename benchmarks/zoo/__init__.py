"""A tiny model of every architecture that transformers registers, and what a prefix does on it."""
