"""Says what is wrong with a site that has been built: links and anchors that lead nowhere, loads from elsewhere.

    python site_check.py FOLDER

A link to another host is a reader's choice and allowed. What a page loads by itself (scripts, styles, pictures,
fonts, and what style sheets load) has to be in the folder. Prints how many pages and links there are.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Attributes by which a page loads something without being asked.
LOADS = {"src", "srcset", "data", "poster", "background", "xlink:href"}


class Page(HTMLParser):
    """Ids, links and loads of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.ids.add(value)
            elif name == "href" and tag == "a":
                self.links.append(value)
            elif name in LOADS or (name == "href" and tag != "a"):
                self.loads.append(value)
            elif name == "style":
                self.loads += loads_of_style(value)


def loads_of_style(text):
    return re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(r"@import\s+['\"]([^'\"]+)", text)


def main():
    root = Path(sys.argv[1]).resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.html"))}
    wrong, links = [], 0
    for path, page in pages.items():
        links += len(page.links)
        wrong += [
            f"{path.relative_to(root)}: {fault}"
            for link in page.links
            for fault in faults_of_link(root, pages, path, link)
        ]
        wrong += [
            f"{path.relative_to(root)}: {fault}" for load in page.loads for fault in faults_of_load(root, path, load)
        ]
    for path in sorted(root.rglob("*.css")):
        sheet = path.read_text(encoding="utf-8")
        wrong += [
            f"{path.relative_to(root)}: {fault}"
            for load in loads_of_style(sheet)
            for fault in faults_of_load(root, path, load)
        ]
    if wrong:
        sys.exit("\n".join(wrong))
    if not pages or not links:
        sys.exit(f"{root} has no pages or no links")
    print(f"{len(pages)} pages, {links} links")


def faults_of_link(root, pages, path, link):
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return []
    target = path if not parts.path else inside(root, path, parts.path)
    if target is None or not target.is_file():
        return [f"{link} leads to no file"]
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].ids:
        return [f"{link} leads to no such place"]
    return []


def faults_of_load(root, path, load):
    parts = urlsplit(load)
    if parts.scheme == "data" or (not parts.scheme and not parts.netloc and not parts.path):
        return []
    if parts.scheme or parts.netloc:
        return [f"{load} is loaded from elsewhere"]
    target = inside(root, path, parts.path)
    return [] if target is not None and target.is_file() else [f"{load} is not there"]


def inside(root, path, relative):
    """The file that a relative link names, if it is in the site."""
    target = (path.parent / unquote(relative)).resolve()
    target = target / "index.html" if target.is_dir() else target
    return target if target.is_relative_to(root) else None


def the_check_can_fail():
    """A check that sees nothing would let every page pass."""
    page = Page('<img src="https://x.org/a.png"><a href="#no"></a><p id="yes" style="background: url(//x.org/b)">')
    here = Path(__file__).resolve()
    bad = [
        *(fault for load in page.loads for fault in faults_of_load(here.parent, here, load)),
        *faults_of_link(here.parent, {here: page}, here, page.links[0]),
    ]
    if len(bad) != 3 or faults_of_link(here.parent, {here: page}, here, "#yes"):
        sys.exit("site_check.py does not see what it has to see")


if __name__ == "__main__":
    the_check_can_fail()
    main()
