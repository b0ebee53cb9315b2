"""What makes the documentation site of ``docs/``, ``tutorials/`` and the package's docstrings: ``make docs``."""
