"""What a fit is reported with: a methods paragraph, equations, predictive quantiles, sensitivity, guidelines."""
