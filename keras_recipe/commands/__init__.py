"""What every command does, by subject; `keras_recipe.cli` gives them their names."""
