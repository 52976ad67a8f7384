"""Conversations that are held with the product over HTTP, and a judge of the answers that needs no model."""
