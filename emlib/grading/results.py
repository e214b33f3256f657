"""What grading leaves behind: a record and a page for each learner, two tables, a summary with its picture."""

import base64
import csv
import html
import json
import os
import re
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from emlib.grading import summary
from emlib.grading.marking import Mark

SIGNS = {"right": "✓", "wrong": "✗", "not written": "–", "no answer": "!", "not found": "?"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ --paper: #fdfcf9; --ink: #24292f; --line: #8b8f96; --link: #0059a3; --right: #00674a; --wrong: #a33f00; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --paper: #1b1f26; --ink: #f2f0ea; --line: #7a828e; --link: #7cc4f2; --right: #3fcea2; --wrong: #f39a5c; }}
}}
body {{ background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif;
  max-width: 50rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }}
h1 {{ line-height: 1.2; }}
h2 {{ font-size: 1.1rem; margin: 0; }}
a {{ color: var(--link); }}
a:focus-visible, div:focus-visible {{ outline: 3px solid var(--link); outline-offset: 2px; }}
section {{ border-left: .3rem solid var(--line); padding: .1rem 0 .1rem 1rem; margin: 1.6rem 0; }}
section.right {{ border-color: var(--right); }} section.right .verdict {{ color: var(--right); }}
section.wrong {{ border-color: var(--wrong); }} section.wrong .verdict {{ color: var(--wrong); }}
.verdict {{ font-weight: 600; margin: .1rem 0 .4rem; }}
section p {{ margin: .3rem 0; }}
.wide {{ overflow-x: auto; margin: 2rem 0; }}
table {{ border-collapse: collapse; }}
caption {{ text-align: left; font-weight: 600; padding: .3rem 0; }}
th, td {{ text-align: left; padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: normal; }}
td:last-child {{ overflow-wrap: anywhere; min-width: 12rem; }}
tbody th {{ font-weight: inherit; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
img {{ max-width: 100%; height: auto; }}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Result:
    """What one learner earned.

    Attributes
    ----------
    learner : str
    marks : list of Mark
        One per exercise of the assignment, in its order.
    notes : list of str
        What was odd about the hand-in.
    """

    learner: str
    marks: list[Mark]
    notes: list[str]

    @property
    def points(self):
        return sum(mark.points for mark in self.marks)

    @property
    def out_of(self):
        return sum(mark.out_of for mark in self.marks)


# ---- one learner ---------------------------------------------------------------------------------------------


def save(out, result, key, run):
    """Write a learner's page and then the record, each at once or not at all."""
    write(page_of(out, result.learner), _feedback(result, run))
    write(_record_of(out, result.learner), json.dumps({"key": key} | asdict(result), indent=1, ensure_ascii=False))


def saved(out, learner, key):
    """The result that an earlier run recorded for the same submission under the same conditions, or None."""
    try:
        record = json.loads(_record_of(out, learner).read_text("utf-8"))
        if record["key"] == key and page_of(out, learner).exists():
            return Result(record["learner"], [Mark(**mark) for mark in record["marks"]], record["notes"])
    except (OSError, ValueError, LookupError, TypeError):
        pass  # a record that is missing or damaged is made anew
    return None


def page_of(out, learner):
    """The file of a learner's feedback; whatever the name holds, it lies in its folder."""
    return Path(out, "feedback", f"{_file_name(learner)}.html")


def _record_of(out, learner):
    return Path(out, "records", f"{_file_name(learner)}.json")


def _file_name(learner):
    readable = re.sub(r"[^A-Za-z0-9]+", "-", learner).strip("-")[:40]
    return f"{readable or 'learner'}-{sha256(learner.encode()).hexdigest()[:8]}"


def write(path, content):
    """Put a whole file in its place, so that a reader, or a crash, never meets half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
    os.replace(draft, path)


def _feedback(result, run):
    e = html.escape
    body = [
        f"<h1>{e(result.learner)}</h1>",
        f"<p>{e(run['assignment'])}: <strong>{result.points:g} of {result.out_of:g} points</strong></p>",
        *(f"<p>{e(note)}</p>" for note in result.notes),
    ]
    for mark in result.marks:
        kind = mark.verdict if mark.verdict in ("right", "wrong") else "other"
        body += [
            f'<section class="{kind}">',
            f"<h2>{e(mark.exercise)}</h2>",
            f'<p class="verdict">{SIGNS[mark.verdict]} {mark.verdict}, {mark.points:g} of {mark.out_of:g} points</p>',
            *(f"<p>{e(line)}</p>" for line in mark.message.splitlines()),
            "</section>",
        ]
    body.append(f"<p>Graded with isolation: {e(run['isolation'])}.</p>")
    return PAGE.format(title=e(f"{result.learner}, {run['assignment']}"), body="\n".join(body))


# ---- the class -------------------------------------------------------------------------------------------------


def write_class(out, results, skipped, run):
    """Write the tables, the picture and the page of the whole class, from the results that there are."""
    rows = [
        (r.learner, m.exercise, f"{m.points:g}", f"{m.out_of:g}", m.verdict, " ".join(m.message.split()))
        for r in results
        for m in r.marks
    ]
    _write_csv(Path(out, "marks.csv"), ("learner", "exercise", "points", "out of", "verdict", "message"), rows)
    totals = [(r.learner, f"{r.points:g}", f"{r.out_of:g}", " ".join(r.notes)) for r in results]
    _write_csv(Path(out, "totals.csv"), ("learner", "points", "out of", "notes"), totals)
    if results:
        mistakes = common_mistakes(results)
        picture, alt = summary.picture(results, mistakes)
        write(Path(out, "summary.png"), picture)
        write(Path(out, "index.html"), _overview(results, mistakes, picture, alt, skipped, run))


def common_mistakes(results):
    """(how many learners, exercise, what was wrong), the most common first."""
    counted = Counter(
        (mark.exercise, mark.message.splitlines()[0].rstrip("."))
        for result in results
        for mark in result.marks
        if mark.verdict == "wrong"
    )
    return sorted(((n, *what) for what, n in counted.items()), key=lambda row: (-row[0], row[1:]))


def _write_csv(path, head, rows):
    """A table that spreadsheets open as text: a learner's words must not become a formula there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows([f"'{cell}" if cell[:1] in tuple("=+-@") else cell for cell in row] for row in rows)
    os.replace(file.name, path)


def _overview(results, mistakes, picture, alt, skipped, run):
    e = html.escape
    learners = "".join(
        f'<tr><th scope="row"><a href="feedback/{page_of("", r.learner).name}">{e(r.learner)}</a></th>'
        f'<td class="number">{r.points:g}</td><td>{e(" ".join(r.notes))}</td></tr>\n'
        for r in results
    )
    common = "".join(
        f'<tr><td class="number">{n}</td><td>{e(name)}</td><td>{e(what)}</td></tr>\n' for n, name, what in mistakes[:20]
    )
    body = [
        f"<h1>{e(run['assignment'])}: {len(results)} learners</h1>",
        f"<p>Isolation of learners' code in this run: <strong>{e(run['isolation'])}</strong>.</p>",
        f'<img alt="{e(alt)}" src="data:image/png;base64,{base64.b64encode(picture).decode()}">',
        '<div class="wide" role="region" aria-label="Points of the learners" tabindex="0"><table>',
        f'<caption>Points, out of {results[0].out_of:g}</caption><thead><tr><th scope="col">learner</th>'
        f'<th scope="col">points</th><th scope="col">notes</th></tr></thead>\n<tbody>{learners}</tbody></table></div>',
    ]
    if mistakes:
        body.append(
            '<div class="wide" role="region" aria-label="Common mistakes" tabindex="0"><table>'
            '<caption>Common mistakes</caption><thead><tr><th scope="col">learners</th><th scope="col">exercise</th>'
            f'<th scope="col">what was wrong</th></tr></thead>\n<tbody>{common}</tbody></table></div>'
        )
    if skipped:
        body.append("<h2>Not read</h2><ul>" + "".join(f"<li>{e(line)}</li>" for line in skipped[:200]) + "</ul>")
    return PAGE.format(title=e(f"{run['assignment']}: summary"), body="\n".join(body))
