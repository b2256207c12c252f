"""Opens each page of a site in a browser, on light and on dark ground: nothing may be asked of another host, no script
may fail, and no page may be wider than a window.

    python open_site.py CHROMIUM FOLDER
"""

import sys
from pathlib import Path

from browser import open_page

WINDOW = {"width": 1280, "height": 900}


def main():
    pages = sorted(Path(sys.argv[2]).resolve().rglob("*.html"))
    wrong = []
    for scheme in ("light", "dark"):
        with open_page(sys.argv[1], pages[0], viewport=WINDOW, color_scheme=scheme) as (page, elsewhere):
            page.on("pageerror", lambda error: wrong.append(str(error)))
            for file in pages:
                page.goto(file.as_uri(), wait_until="load")
                if page.evaluate("document.documentElement.scrollWidth") > WINDOW["width"]:
                    wrong.append(f"{file.name} is wider than the window")
            wrong += [f"{url} is asked for" for url in elsewhere]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(pages)} pages, nothing from elsewhere")


if __name__ == "__main__":
    main()
