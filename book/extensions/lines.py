"""Sphinx extension: no line of a page begins with the comma that belongs to the formula before it."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

BEFORE = re.compile(r"[(\[“‘]+$")
BEHIND = re.compile(r"^[^\s(\[“‘—–]+")


class KeepTogether(SphinxPostTransform):
    """Wrap a formula, with what stands against it on either side, into one element that is not broken."""

    default_priority = 900

    def run(self, **kwargs):
        """Do it for every formula in running text."""
        for formula in list(self.document.findall(nodes.math)):
            before, behind = cut(beside(formula, -1), BEFORE), cut(beside(formula, 1), BEHIND)
            if before or behind:
                together = nodes.inline(classes=["em-together"])
                formula.replace_self(together)
                together += [*before, formula, *behind]


def beside(node, step):
    """The text before or behind `node`, or None."""
    siblings = node.parent.children
    at = siblings.index(node) + step
    return siblings[at] if 0 <= at < len(siblings) and isinstance(siblings[at], nodes.Text) else None


def cut(text, pattern):
    """Take what matches out of `text`. Returns it as a list of nodes."""
    match = pattern.search(text) if text is not None else None
    if not match:
        return []
    text.parent.replace(text, nodes.Text(text[: match.start()] + text[match.end() :]))
    return [nodes.Text(match[0])]


def setup(app):
    """Do it last, when references have become text."""
    app.add_post_transform(KeepTogether)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
