"""Sphinx extension: what a keyboard or a screen reader needs and the packages below leave out."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class FoldDropdowns(SphinxPostTransform):
    """Let an admonition of class ``dropdown`` start closed, as it does in JupyterLab."""

    default_priority = 100

    def run(self, **kwargs):
        """Mark each as collapsible, which Sphinx writes as <details>: it opens by keyboard and needs no script."""
        for node in self.document.findall(nodes.Admonition):
            if "dropdown" in node.get("classes", []):
                node["collapsible"] = "closed"


def mend_roles(app, pagename, templatename, context, doctree):
    """Give names and roles that assistive technology accepts.

    docutils marks a reference with a role that ARIA has withdrawn, and MyST-NB gives a folded cell a name that differs
    from the words one sees.
    """
    if "body" in context:
        context["body"] = (
            context["body"]
            .replace('role="doc-biblioentry"', 'role="listitem"')
            .replace('<summary aria-label="Toggle hidden content">', "<summary>")
        )


def setup(app):
    """Connect both to the build."""
    app.add_post_transform(FoldDropdowns)
    app.connect("html-page-context", mend_roles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
