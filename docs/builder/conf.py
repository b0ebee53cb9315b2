"""What Sphinx is told: Markdown by MyST, the API from docstrings, nothing from other servers."""

import hddm_sbi

project = "hddm_sbi"
version = release = hddm_sbi.__version__
author = "hddm_sbi developers"
html_title = f"hddm_sbi {version}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["files"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
smartquotes_action = "D"  # dashes alone: quotes are copied from running text
highlight_language = "none"

autodoc_typehints = "none"  # types stand in the signature of the source; the docstrings say shapes, units and ranges
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Warns", "params_style")]
python_maximum_signature_line_length = 88

html_theme = "pydata_sphinx_theme"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/logo.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would be fetched, which browsers do not allow a page that is opened from disk
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "back_to_top_button": True,
}
html_sidebars = {"index": []}
copyright = "hddm_sbi developers, Apache-2.0"
