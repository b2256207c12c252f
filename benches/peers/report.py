"""Lays the rows out as Markdown and puts them between the markers of docs/performance.md."""

BEGIN = "<!-- peers: begin -->"
END = "<!-- peers: end -->"
HEAD = ("Work", "Engine", "Against", "Ratio", "Wanted")


def render(results):
    """The table, under the machine and the commits that it was measured on."""
    machines = sorted({result["machine"] for result in results})
    commits = sorted({result["commit"] for result in results})
    lines = [f"Machine: {machine}." for machine in machines]
    lines += [f"Commit: {', '.join(commits)} (+: with changes).", ""]
    lines += ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(line) + " |" for result in results for line in result["lines"]]
    return "\n".join(lines)


def replaced(text, table):
    """`text` with what stands between the markers replaced."""
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def replace_between_markers(path, table):
    text = path.read_text(encoding="utf-8")
    path.write_text(replaced(text, table), encoding="utf-8")


def paths_a_second(rate):
    """A rate to three digits: 12.3 M/s."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if rate >= size:
            return f"{rate / size:.3g} {unit}/s"
    return f"{rate:.3g}/s"


def seconds(value):
    """A time to three digits, in milliseconds below one second."""
    return f"{value:.3g} s" if value >= 1 else f"{1e3 * value:.3g} ms"


def times(ratio):
    return f"{ratio:.3g}x"
