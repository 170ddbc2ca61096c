"""The residual convolutional network that sites and panels share."""
