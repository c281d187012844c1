"""After the checks: which single change mends what failed."""
