# Writes, and deletes, outside of its folder.
import contextlib
import os
import pathlib
import shutil


def update_tau(r):
    for folder in ("VICTIM", "PACKAGE", "/usr", "/etc", "/", os.path.expanduser("~")):
        with contextlib.suppress(OSError):
            pathlib.Path(folder, "written_by_an_attack").write_text("here")
    shutil.rmtree("VICTIM", ignore_errors=True)
    return 0.123
