"""How Sphinx makes the site of these pages: `make docs` writes it to build/site."""

import s9s

project = "S9S"
author = "The authors of S9S"
project_copyright = "the authors of S9S, MIT licence"
version = release = s9s.__version__

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design"]
source_suffix = {".md": "markdown"}
# The contract is what the pages are held to (tests/contract), not one of them.
exclude_patterns = ["contract"]
nitpicky = True

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"S9S {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
# For readers who want them whole.
html_extra_path = ["openapi.yaml", "asyncapi.yaml"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
# A prompt is shown, and not copied.
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
