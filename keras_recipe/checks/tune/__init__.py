"""Checks of stage 5, tune."""
