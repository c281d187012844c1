"""Every kind of input Keras takes, read as a stream, and what one pass says of it."""
