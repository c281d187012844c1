"""The labelling page: one form, keys for it, and nothing that comes from elsewhere."""

from __future__ import annotations

import html
import secrets
from collections.abc import Sequence

KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}
header{display:flex;justify-content:space-between;color:#555}
progress{width:100%;height:.5rem}
figure{margin:1.5rem 0;text-align:center}
img{image-rendering:pixelated;max-width:100%;max-height:60vh;border:1px solid #ccc}
table{border-collapse:collapse}th,td{text-align:right;padding:.1rem .6rem;
border-bottom:1px solid #ddd}th{color:#555;font-weight:400}h2{font-size:1rem}
.tokens{overflow-wrap:anywhere;font-family:ui-monospace,monospace}
form{display:flex;flex-wrap:wrap;gap:.5rem}button{font:inherit;padding:.4rem .9rem;
border:1px solid #888;border-radius:.4rem;background:#f4f4f4;cursor:pointer}
button:focus-visible,button:hover{background:#dceaff;border-color:#2457a6}
kbd{font:inherit;color:#2457a6;margin-right:.4rem}.undo{margin-top:1rem;color:#555}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}button{background:#262626;
color:#eee}header,h2,.undo,th{color:#aaa}kbd{color:#8ab4f8}button:hover{background:#24344f}}
"""
_SCRIPT = """
document.addEventListener("keydown",e=>{if(e.ctrlKey||e.metaKey||e.altKey)return;
const b=document.querySelector(e.key==="Backspace"?".undo button":
`button[data-key="${CSS.escape(e.key.toLowerCase())}"]`);if(b){e.preventDefault();b.click()}});
"""


def _page(body: str) -> tuple[str, dict[str, str]]:
    """Return a page and the headers that forbid everything it does not hold itself."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; img-src 'self'; style-src 'nonce-{nonce}'; "
        f"script-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Label a sample</title>'
        f'<style nonce="{nonce}">{_STYLE}</style></head><body>{body}'
        f'<script nonce="{nonce}">{_SCRIPT}</script></body></html>'
    )
    return text, {"Content-Security-Policy": policy}


def question(
    root: str, number: int, total: int, content: str, pictures: int, classes: Sequence[str]
) -> tuple[str, dict[str, str]]:
    """Return the page for one example.

    Args:
        root: Path that every link begins with.
        number: Answers given so far.
        total: Answers wanted.
        content: HTML of what is no picture.
        pictures: Number of pictures.
        classes: Names to choose from.
    """
    images = "".join(
        f'<figure><img alt="example" src="{root}image/{number}/{i}.png"></figure>'
        for i in range(pictures)
    )
    buttons = "".join(
        f'<button name="label" value="{i}" data-key="{key}">'
        f"{_hint(key, name)}{html.escape(name)}</button>"
        for i, name in enumerate(classes)
        for key in [_key(i, classes)]
    )
    undo = (
        f'<form class="undo" method="post" action="{root}undo">'
        f'<input type="hidden" name="number" value="{number}">'
        "<button>Take back the last answer <kbd>Backspace</kbd></button></form>"
    )
    return _page(
        f"<header><span>Which class is it?</span><span>{number + 1} of {total}</span></header>"
        f'<progress max="{total}" value="{number}"></progress><main>{images}{content}</main>'
        f'<form method="post" action="{root}answer">'
        f'<input type="hidden" name="number" value="{number}">{buttons}</form>'
        f"{undo if number else ''}"
    )


def _hint(key: str, name: str) -> str:
    return f"<kbd>{key}</kbd>" if key not in ("", name) else ""


def _key(index: int, classes: Sequence[str]) -> str:
    """Return the key for a class: its own name where all are single digits."""
    if all(len(name) == 1 and name in KEYS for name in classes):
        return classes[index]
    return KEYS[index] if index < len(KEYS) else ""


def thanks(summary: str) -> tuple[str, dict[str, str]]:
    """Return the last page."""
    return _page(
        f"<h1>Thank you</h1><p>{html.escape(summary)}</p><p>You may close this page.</p>"
    )
