"""What the widget costs a storefront, beside its peers. `make bench-widget` writes docs/widget.md with it."""
