"""Formulas -> design matrices: the only importer of formulae."""
