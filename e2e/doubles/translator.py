"""A browser's page translation, as a page sees it: every text that may be translated is wrapped and changed.

Chrome puts each text node into two ``font`` elements and replaces its words, also in later text, and leaves
alone what is in ``translate="no"``.
"""

from playwright.sync_api import Page

MARK = "¤"  # In front of every word that was translated.
TRANSLATE = f"""
(() => {{
  const mark = "{MARK}";
  const skipped = "script, style, svg, [translate=no], textarea, option, title, font.translated";
  const translate = (text) => {{
    if (!text.data.trim() || text.parentElement?.closest(skipped)) return;
    const outer = document.createElement("font"), inner = document.createElement("font");
    outer.className = inner.className = "translated";
    inner.append(text.data.replace(/\\p{{L}}[\\p{{L}}\\p{{N}}.]*/gu, (word) => mark + word));
    outer.append(inner);
    text.replaceWith(outer);
  }};
  const look = () => {{
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    found.forEach(translate);
  }};
  new MutationObserver(look).observe(document.body, {{ subtree: true, childList: true }});
  look();
}})()
"""


def translate(page: Page) -> None:
    """Translate an open page from now on."""
    page.evaluate(TRANSLATE)
