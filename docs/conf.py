"""Makes one site of the pages here, which stay plain Markdown: `just site` puts it into target/site.

The order of pages stands in TREE, so that no page needs a directive that a forge shows as code. Nothing is loaded
from elsewhere: fonts are those of the reader, there is no mathematics to typeset, notebooks have no widgets.
"""

import os

project = "Slashfall"
copyright = "the authors of Slashfall"
html_title = "Slashfall"
extensions = ["myst_nb"]
exclude_patterns = ["pictures"]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_copy_source = False
html_show_sphinx = False
templates_path = []
# Okabe and Ito's blue, and sky blue on dark ground, as in the pictures.
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072b2", "color-brand-content": "#0072b2"},
    "dark_css_variables": {"color-brand-primary": "#56b4e9", "color-brand-content": "#56b4e9"},
}

myst_enable_extensions = []
myst_heading_anchors = 4
# What is not a link to a page, a heading of one or a file is a mistake.
nitpicky = True

# The notebooks are stored without outputs: the site runs them. SLASHFALL_NOTEBOOKS=off leaves that out.
nb_execution_mode = os.environ.get("SLASHFALL_NOTEBOOKS", "force")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
nb_ipywidgets_js = {}

# Captions with the pages below them, by the page that they belong to.
TREE = {
    "index": {
        "Start": ["quickstart", "concepts/index"],
        "Recipes": ["recipes/analyst", "recipes/treasury", "recipes/quant", "recipes/cluster"],
        "Notebooks": [
            "notebooks/01_first_look",
            "notebooks/02_own_network",
            "notebooks/03_caps",
            "notebooks/04_validate",
        ],
        "Reference": ["model", "formats", "queries", "python", "glossary"],
        "How sure, how fast, how built": ["validation", "performance", "reliability", "security", "architecture", "changelog"],
    },
    "concepts/index": {
        "": [
            "network",
            "path",
            "losses",
            "tail",
            "correlation",
            "contributions",
            "caps",
            "importance",
        ],
    },
}


def with_tree(_app, page, source):
    """A page as it is written, with the pages below it."""
    for caption, below in TREE.get(page, {}).items():
        option = f":caption: {caption}\n" if caption else ""
        pages = "\n".join(below)
        source[0] += f"\n```{{toctree}}\n:hidden:\n{option}\n{pages}\n```\n"


def setup(app):
    app.connect("source-read", with_tree)
