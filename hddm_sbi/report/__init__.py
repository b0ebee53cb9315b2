"""What a fit is reported with: a page, and the methods, equations, checks and guidelines in it."""
