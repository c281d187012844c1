"""`python -m keras_recipe`: the same as `keras-recipe`."""

from keras_recipe.cli import main

if __name__ == "__main__":
    main()
