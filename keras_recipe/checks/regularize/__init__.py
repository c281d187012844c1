"""Stage 4: regularise."""
