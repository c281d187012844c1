"""Stage 6: squeeze out the juice."""
