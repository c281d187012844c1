"""Stage 5, tune: KerasTuner's searches, journaled, seeded and judged."""
