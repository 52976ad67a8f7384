"""Measures what shoppers of one shop notice while somebody attacks the product through another shop."""
