"""Opens a page in the Chromium of the system; other scripts import `open_page`.

python browser.py CHROMIUM FILE        prints the title once the page has loaded
"""

import sys
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

# Nothing is asked of the network by the browser itself.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def open_page(chromium, file, **settings):
    """The loaded page, and what it asked of hosts other than this file system; settings as of `new_page`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS, headless=True)
        page = browser.new_page(**settings)
        elsewhere = []
        page.on("request", lambda request: None if is_here(request.url) else elsewhere.append(request.url))
        page.goto(Path(file).resolve().as_uri(), wait_until="load")
        yield page, elsewhere
        browser.close()


def is_here(url):
    return url.split(":", 1)[0] in ("file", "data", "blob", "about")


if __name__ == "__main__":
    with open_page(sys.argv[1], sys.argv[2]) as (page, _):
        print(page.title())
