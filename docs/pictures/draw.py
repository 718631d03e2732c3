#!/usr/bin/env python3
"""Draws what a command prints as a picture of a terminal: ANSI colours on standard input, SVG on standard output.

    CLICOLOR_FORCE=1 cargo run -- demo | docs/pictures/draw.py 'cargo run -- demo' > docs/pictures/demo.svg

The picture has a background of its own, so that it can be read on a light page and on a dark one. Each run of text is stretched to
its columns, so that they stand under each other with whatever font there is.
"""

import re
import sys
from html import escape

COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff"}  # red, green, yellow, cyan
TEXT, PAGE, FRAME = "#d0d7de", "#0d1117", "#30363d"
COLUMN, LINE, EDGE = 8.0, 18, 16  # pixels
STYLE = re.compile(r"\x1b\[([0-9;]*)m")


def runs(line, style):
    """The texts of a line with the style of each, and the style that holds after it."""
    texts, end = [], 0
    for code in STYLE.finditer(line):
        texts.append((line[end : code.start()], style))
        end = code.end()
        for number in code[1].split(";"):
            colour, bold, dim = (None, False, False) if number in ("", "0") else style
            style = (COLOURS.get(number, colour), bold or number == "1", dim or number == "2")
    texts.append((line[end:], style))
    return [(text, style) for text, style in texts if text], style


def drawn(text, style, column, baseline):
    """One run of text at its place. Blanks are no text: they move what comes after them."""
    colour, bold, dim = style
    look = f' fill="{colour}"' if colour else ""
    look += ' font-weight="bold"' if bold else ""
    look += ' opacity="0.65"' if dim else ""
    return "".join(
        f'<text x="{EDGE + (column + words.start()) * COLUMN:g}" y="{baseline}" textLength="{len(words[0]) * COLUMN:g}"{look} lengthAdjust="spacingAndGlyphs">'
        f"{escape(words[0])}</text>"
        for words in re.finditer(r"\S+(?: \S+)*", text)
    )


def main():
    prompt = f"\x1b[1m$ {sys.argv[1]}\x1b[0m\n" if len(sys.argv) > 1 else ""
    lines = (prompt + sys.stdin.read()).rstrip("\n").split("\n")
    width = 2 * EDGE + max(len(STYLE.sub("", line)) for line in lines) * COLUMN
    height = 2 * EDGE + len(lines) * LINE
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" height="{height}"\n'
        f'  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="13" fill="{TEXT}">\n'
        f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1}" rx="8" fill="{PAGE}" stroke="{FRAME}"/>'
    )
    style = (None, False, False)
    for number, line in enumerate(lines):
        column = 0
        texts, style = runs(line, style)
        for text, look in texts:
            print(drawn(text, look, column, EDGE + (number + 1) * LINE - 5), end="")
            column += len(text)
        print()
    print("</svg>")


main()
