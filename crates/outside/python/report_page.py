"""Opens pages of `slashfall report` in Chromium and looks at them as a reader would.

    python report_page.py CHROMIUM PICTURES PAGE...

Of each page, at 1280 and 390 pixels, in light and dark: no error on the console, no request but the page itself,
every chart drawn, nothing wider than the window, a tip where one points, tables that sort; and a PDF of it in
which every section can be read. Screenshots and PDF go into PICTURES.
"""

import re
import sys
import unicodedata
from pathlib import Path

from browser import FLAGS
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

WIDTHS = (1280, 390)
HEIGHT = 900


def main():
    chromium, pictures, *pages = sys.argv[1:]
    pictures = Path(pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        the_check_can_fail(browser)
        for page in map(Path, pages):
            for scheme in ("light", "dark"):
                for width in WIDTHS:
                    look(browser, page, width, scheme, pictures)
            print_to_pdf(browser, page, pictures)
        browser.close()


def opened(browser, address, width, scheme):
    """A page with all that it says and asks for."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_load_state("load")
    return page, said, [url for url in asked if not url.startswith("data:")]


def look(browser, file, width, scheme, pictures):
    what = f"{file.name} at {width}, {scheme}"
    page, said, asked = opened(browser, file.as_uri(), width, scheme)
    charts = page.eval_on_selector_all(
        ".plot",
        "places => places.map(p => [p.dataset.chart, p.dataset.drawn, p.querySelectorAll('svg').length, p.querySelectorAll('svg path, svg rect, svg line, svg circle').length])",
    )
    assert len(charts) >= 8, f"{what}: {charts}"
    for name, drawn, n_svgs, n_marks in charts:
        assert drawn == "yes" and n_svgs > 0 and n_marks > 3, f"{what}: chart {name} is not drawn"
    axes(page, what)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{what}: {wide} pixels wide"
    narrow = page.eval_on_selector_all(
        "td.text", "cells => cells.filter(c => c.offsetWidth > 0 && c.offsetWidth < 60).map(c => c.textContent)"
    )
    assert not narrow, f"{what}: {narrow[:3]} stand a letter a line"
    tables_sort(page, what)
    if width == max(WIDTHS):
        tips(page, what)
        kinds_change(page, what)
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=pictures / f"{file.stem}-{width}-{scheme}.png", full_page=True)
    assert not said, f"{what}: {said}"
    assert asked == [file.as_uri()], f"{what}: {asked}"
    page.context.close()


def axes(page, what):
    """Every chart with axes says what they are in: a unit, or names."""
    for name in ("exceedance", "waterfall", "contributors", "tornado", "avs-rate", "path-1", "convergence"):
        place = page.locator(f'.plot[data-chart="{name}"]')
        if place.count() == 0:
            continue
        labels = place.locator("svg [aria-label$='axis label']").all_text_contents()
        assert labels, f"{what}: {name} has no label"
        assert any(re.search("ETH|probability", label) for label in labels), f"{what}: {name}: {labels}"


def tables_sort(page, what):
    """The first table that numbers can sort: descending at the first click, ascending at the second."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    n_sorted = 0
    for table in page.locator("table.sortable").all():
        heads = table.locator("th.number")
        keys = lambda column: [
            float(key)
            for key in table.locator(f"tbody tr td:nth-child({column})").evaluate_all(
                "cells => cells.map(cell => cell.dataset.sort).filter(key => key !== '')"
            )
        ]
        head = heads.last
        column = head.evaluate("head => head.cellIndex + 1")
        before = keys(column)
        if len(set(before)) < 3:
            continue
        button = head.locator("button")
        button.scroll_into_view_if_needed()
        button.click()
        assert head.get_attribute("aria-sort") == "descending", what
        assert keys(column) == sorted(before, reverse=True), what
        button.click()
        assert keys(column) == sorted(before), what
        n_sorted += 1
        if n_sorted == 4:
            break
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")
    assert n_sorted >= 2, f"{what}: {n_sorted} tables sort"


def tips(page, what):
    """Where one points at a mark, its figures are told."""
    for name, mark, wanted in (
        ("waterfall", "g[aria-label=bar] rect", "ETH"),
        ("tornado", "g[aria-label=bar] rect", "95 %"),
        ("avs-rate", "g[aria-label=dot] circle", "a year"),
        ("exceedance", "g[aria-label=dot] circle", "once in"),
    ):
        place = page.locator(f'.plot[data-chart="{name}"]')
        if place.count() == 0:
            continue
        marks = place.locator(f"svg {mark}")
        widest = marks.evaluate_all(
            "marks => marks.map((m, k) => [m.getBoundingClientRect().width, k]).sort((a, b) => b[0] - a[0])[0][1]"
        )
        marks.nth(widest).scroll_into_view_if_needed()
        box = marks.nth(widest).bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        told = place.locator("svg [aria-label=tip]")
        told.locator("text").first.wait_for(state="attached", timeout=5000)
        words = " ".join(told.all_text_contents())
        assert wanted in words, f"{what}: pointing at {name} tells {words!r}"
    titles = page.locator('.plot[data-chart="network"] svg rect title').all_text_contents()
    assert not titles or all("ETH" in title for title in titles), f"{what}: {titles}"


def kinds_change(page, what):
    """The buttons above the contributors change what is drawn."""
    place = page.locator('.plot[data-chart="contributors"]')
    if place.count() == 0:
        return
    first = place.locator("svg").inner_html()
    place.locator("button", has_text="Causes").click()
    assert place.locator("button[aria-pressed=true]").inner_text() == "Causes", what
    assert place.locator("svg").inner_html() != first, what


def print_to_pdf(browser, file, pictures):
    page, said, _ = opened(browser, file.as_uri(), max(WIDTHS), "dark")
    titles = page.locator("h2").all_text_contents()
    pdf = pictures / f"{file.stem}.pdf"
    page.pdf(path=pdf, format="A4", margin={side: "14mm" for side in ("top", "bottom", "left", "right")})
    assert not said, f"{pdf}: {said}"
    reader = PdfReader(pdf)
    text = " ".join(sheet.extract_text() for sheet in reader.pages)
    # Ligatures of the font are one letter of the PDF.
    plain = lambda words: re.sub(r"\s+", "", unicodedata.normalize("NFKC", words))
    missing = [title for title in titles if plain(title) not in plain(text)]
    assert titles and not missing, f"{pdf}: {missing} cannot be read"
    assert 3 <= len(reader.pages) <= 40, f"{pdf}: {len(reader.pages)} pages"
    empty = [k for k, sheet in enumerate(reader.pages) if len(sheet.extract_text()) < 20]
    assert not empty, f"{pdf}: pages {empty} are empty"
    page.context.close()


def the_check_can_fail(browser):
    """A page that loads something and fails is told."""
    wicked = 'data:text/html,<img src="http://127.0.0.1:9/x.png"><script>nothing()</script>'
    page, said, asked = opened(browser, wicked, 400, "light")
    page.wait_for_timeout(100)
    assert any("nothing" in line for line in said), said
    assert any("127.0.0.1" in url for url in asked), asked
    page.context.close()


if __name__ == "__main__":
    main()
