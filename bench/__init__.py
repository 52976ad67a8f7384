"""What the product costs, beside its peers, on this machine. `make bench` writes docs/performance.md with it."""
