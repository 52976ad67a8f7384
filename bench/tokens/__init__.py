"""The tokens of a conversation of ten turns, counted with a real vocabulary: `make bench-tokens`."""
