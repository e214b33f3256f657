"""What `python3 course.py lab` sets in JupyterLab, before the user's own settings.

Beside it, labconfig/default_setting_overrides.json keeps JupyterLab from offering its news and asking for updates.
"""

from pathlib import Path

c = get_config()  # noqa: F821 - Jupyter defines it

c.ServerApp.root_dir = str(Path(__file__).parent.parent / "notebooks")
# The folder shows the chapters, without the text twins that contributors edit.
c.ContentsManager.hide_globs = ["*.md", "*.py", "__pycache__", "*~", ".DS_Store"]
# Saving a chapter must not rewrite its text twin, nor an older twin keep a chapter from opening.
c.ServerApp.jpserver_extensions = {"jupyterlab_jupytext": False}
# In a container the only user is root; the server listens to this machine alone.
c.ServerApp.allow_root = True
# The terminal shows the address to open and what goes wrong.
c.Application.log_level = "WARN"
