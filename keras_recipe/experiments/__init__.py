"""Seeded trainings that answer one question."""
