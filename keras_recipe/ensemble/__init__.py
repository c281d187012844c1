"""The last juice: several models as one, one model taught by several, and longer training."""
