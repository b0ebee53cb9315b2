"""What a fit is reported with: a page, and what stands in it, from equations to reporting guidelines."""
