"""The plain-Python heart: checks, results, reports and the runner. No Keras, no printing."""
