"""Stage 3: overfit."""
