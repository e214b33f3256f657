"""The machine on which it was measured, without its name."""

import os
import platform
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info


def described():
    """What a reader needs to judge the figures by, in words. Ask before a peer brings linear algebra of its own."""
    blas = [
        f"{library['internal_api']} {library['version']} with its {library['architecture']} kernels"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]
    return {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "caches": caches(),
        "memory": memory(),
        "system": system(),
        "Python": platform.python_version(),
        "numpy": ", ".join([np.__version__, *blas]),
    }


def processor():
    """Its name: from Linux, where platform does not say it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def caches():
    """Of the first core, from Linux; elsewhere nobody says."""
    found = []
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((cache / fact).read_text("ascii").strip() for fact in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size.replace('K', ' KiB')}")
    return ", ".join(found) or "unknown"


def memory():
    """All of it, where the system says."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return "unknown"
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"


def system():
    """The kernel, and on Linux the distribution around it."""
    kernel = f"{platform.system()} {platform.release()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {kernel}"
    except OSError:
        return kernel
