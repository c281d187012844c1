"""Looking at data: rows by any score, how features are spread, predictions beside the data."""
