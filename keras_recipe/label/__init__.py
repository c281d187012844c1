"""A page on this computer where a person labels a sample: the human baseline."""
