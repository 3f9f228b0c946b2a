"""What `FastNetClassifier` and `FastNetRegressor` have in common: parameters, input, training and prediction."""
