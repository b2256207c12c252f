"""How all pictures look: on light and on dark ground, for those who see few colours, with text that can be read.

A picture is drawn in the colours below, each of which stands for a part. In the SVG a part is a CSS variable with a
colour for light and one for dark ground; the ground is drawn too, so that the two always fit. Hues are those of Okabe
and Ito (2008, "Color Universal Design"), darker on light ground and lighter on dark where lines would be faint.
"""

import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

# Part: colour drawn with and on light ground, colour on dark ground.
PARTS = {
    "ink": ("#1f2328", "#e6e8eb"),
    "paper": ("#fefefe", "#16181c"),
    "faint": ("#d3d7dc", "#3a3f46"),
    "quiet": ("#5c636b", "#a9b0b8"),
    "blue": ("#0072b2", "#56b4e9"),
    "red": ("#d55e00", "#f0803c"),
    "green": ("#00835f", "#2fc497"),
    "gold": ("#b57d00", "#e69f00"),
    "pink": ("#b4558c", "#d98fba"),
}
INK, PAPER, FAINT, QUIET, BLUE, RED, GREEN, GOLD, PINK = (light for light, _ in PARTS.values())

matplotlib.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "slashfall",
        "font.family": ["DejaVu Sans"],
        "font.size": 9.5,
        "axes.edgecolor": QUIET,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.facecolor": PAPER,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "text.color": INK,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "grid.color": FAINT,
        "grid.linewidth": 0.7,
        "axes.axisbelow": True,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
    }
)


def figure(height=3.6, columns=1, **settings):
    """A figure as wide as a page of the site, with its axes."""
    return plt.subplots(1, columns, figsize=(7.6, height), layout="constrained", **settings)


def svg(fig):
    """The text of the SVG, with the colours of either ground; the same figure gives the same text."""
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(fig)
    text = buffer.getvalue()
    for part, (light, _) in PARTS.items():
        text = text.replace(light, f"var(--{part})")
    rules = {
        ground: "".join(f"--{part}:{colours[i]};" for part, colours in PARTS.items())
        for i, ground in enumerate(("light", "dark"))
    }
    sheet = f"<style>:root{{{rules['light']}}}@media (prefers-color-scheme:dark){{:root{{{rules['dark']}}}}}text{{font-family:'DejaVu Sans',Verdana,sans-serif}}</style>"
    # Digits beyond a thousandth of a point are noise of the processor.
    text = re.sub(r"(\d+\.\d{3})\d+", r"\1", text)
    return re.sub(r"(<svg [^>]*>)", lambda found: found.group(1) + sheet, text, count=1)


def thousands(eth, _=None):
    """ETH as a label of an axis."""
    return f"{eth:,.0f}"
