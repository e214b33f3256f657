"""JupyterLab's settings for this course, read by `python3 course.py lab` besides the user's own."""

c = get_config()  # noqa: F821 - Jupyter defines it

# The folder shows chapters, not the text twins that contributors edit.
c.ContentsManager.hide_globs = ["*.md", "*.py", "__pycache__", "*~", ".DS_Store"]
# Saving a chapter must not rewrite its text twin, nor may an older twin keep a chapter from opening.
c.ServerApp.jpserver_extensions = {"jupyterlab_jupytext": False}
# No question about Jupyter's news, and no request to its servers.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
# In a container the only user is root, and the server listens to this machine alone.
c.ServerApp.allow_root = True
