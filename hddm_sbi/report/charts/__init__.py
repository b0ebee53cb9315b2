"""Charts of the report: specifications in Vega-Lite, drawn as SVG here, and redrawn by the page where it can."""
