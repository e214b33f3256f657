"""What `python3 course.py lab` sets in JupyterLab, before the user's own settings.

Beside it, labconfig/default_setting_overrides.json keeps JupyterLab from offering its news and asking for updates.
"""

from pathlib import Path

c = get_config()  # noqa: F821 - Jupyter defines it

c.ServerApp.root_dir = str(Path(__file__).parent.parent / "my-notebooks")
# The folder shows the learner's own copies of the chapters, which `course.py lab` makes.
c.ContentsManager.hide_globs = ["__pycache__", "*~", ".DS_Store"]
# Saving a chapter must not write a text twin. nbgrader is for the tests; its menus would only puzzle a learner.
c.ServerApp.jpserver_extensions = {
    "jupyterlab_jupytext": False,
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.validate_assignment": False,
}
# In a container the only user is root; the server listens to this machine alone.
c.ServerApp.allow_root = True
# The terminal shows the address to open and what goes wrong.
c.Application.log_level = "WARN"
