"""What may touch a model: toggles, output bias, snapshot and restore."""
