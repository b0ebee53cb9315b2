"""Log densities of trials: exact formulas, networks, and the mixtures that wrap them."""
